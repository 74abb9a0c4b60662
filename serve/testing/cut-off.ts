import { connect, createServer, type Socket } from 'node:net'

/** Stands between a browser and a server, and can cut the line. */
export async function startCutOff(t: { teardown(stop: () => void): void }, port: number) {
  const sockets = new Set<Socket>()
  let isDown = false
  const server = createServer(near => {
    if (isDown) {
      near.destroy()
      return
    }
    const far = connect(port, '127.0.0.1')
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('close', () => {
        sockets.delete(socket)
        near.destroy()
        far.destroy()
      })
      // A reset is one way for a side to go; `close` follows.
      socket.on('error', () => socket.destroy())
    }
    near.pipe(far).pipe(near)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address() as { port: number }
  const cut = () => {
    isDown = true
    for (const socket of sockets) socket.destroy()
  }
  t.teardown(() => {
    cut()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${address.port}`,
    cut,
    mend: () => {
      isDown = false
    }
  }
}

import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'

/** Loaded before everything else by processes of tests: the library lies outside of this repository. */
registerHooks({
  resolve: (name, context, next) =>
    name === 'uWebSockets.js' && process.env.UWS_LIBRARY !== undefined
      ? { url: pathToFileURL(process.env.UWS_LIBRARY).href, shortCircuit: true }
      : next(name, context)
})

import { workerData } from 'node:worker_threads'
import { buildGraph, type GraphOrder } from './graph-build.ts'

/** Builds one graph and ends: a crash of native code is this thread's, a long build nobody's wait. */
buildGraph(workerData as GraphOrder)

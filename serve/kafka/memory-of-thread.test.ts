import test from 'ava'
import { codeOf } from '../../engine/errors.ts'
import { loadConfig } from '../../schemas/config.ts'
import { memoryOfThread } from './memory-of-thread.ts'

/** The file that a training thread of Node runs. */
import { parentPort, workerData } from 'node:worker_threads';
import { kernelThread, type ThreadStart, type ThreadTask } from '../train/kernel-thread.js';

const run = kernelThread(workerData as ThreadStart);
parentPort!.on('message', (task: ThreadTask) => parentPort!.postMessage(run(task)));
parentPort!.postMessage(0); // ready

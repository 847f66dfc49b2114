/** The script of a training thread. */
import { serveThread } from './threads.js';

serveThread(self);

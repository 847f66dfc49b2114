/** The Node door to devices: serial ports, the network, pseudo-terminals. */
export {
  SerialTransport,
  listDevices,
  serialBackend,
  serialError,
  type DeviceInfo,
  type SerialBackend,
} from './serial.js';
export { BUSY_LINE, TcpTransport, WebSocketTransport, type TcpConnect, type WebSocketConstructor } from './network.js';
export { attachToPty, openPty, type ByteTalker, type Pty, type Spawn } from './pty.js';

/** The device room's first door: reaching a board over a transport and talking to it. It knows no model: a model is a blob here. */
export * from './transport.js';
export { within } from './deadline.js';

export {
  DEVICE_ERRORS,
  FrameReader,
  PROTOCOL,
  crc32,
  encodeFrame,
  type DeviceErrorCode,
  type Frame,
  type Received,
} from './protocol.js';
export { DeviceClient } from './client.js';
export type {
  BenchResult,
  ClientOptions,
  DeviceModel,
  DeviceSettings,
  DeviceStatus,
  GenerateOptions,
  GenerateResult,
  Generation,
} from './client-types.js';

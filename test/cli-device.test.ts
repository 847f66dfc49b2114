/** The verbs that talk to a board: devices, and the way to one. */
import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { devices } from '../src/cli/commands/devices.js';
import { choosePort, hostTransport, serialPorts } from '../src/cli/device-port.js';
import type { SerialBackend, SerialPortInfo } from '../src/node/ports/serial.js';
import { capture } from './helpers/cli.js';

const BRIDGE = { path: '/dev/ttyUSB0', vendorId: '10c4', productId: 'ea60', serialNumber: '0001' };
const CHIP = { path: '/dev/ttyACM0', vendorId: '303A', productId: '1001', serialNumber: '60:55:F9:00:00:01' };
const OTHER = { path: '/dev/ttyS0' };

const backend = (ports: SerialPortInfo[] | Error): SerialBackend => ({
  list: () => (ports instanceof Error ? Promise.reject(ports) : Promise.resolve(ports)),
  create: () => assert.fail('nothing is opened'),
});

async function listed(ports: SerialPortInfo[], options: { all?: boolean; json?: boolean } = {}) {
  const { context, result } = capture();
  await devices(context, options, backend(ports));
  return result();
}

describe('devices', () => {
  it('lists boards in a table, with the names of their USB ids', async () => {
    const { out, err } = await listed([OTHER, BRIDGE, CHIP]);
    assert.equal(
      out,
      'port          usb        what it is                                serial number\n' +
        '/dev/ttyACM0  303a:1001  Espressif USB-Serial-JTAG (ESP32-C3, S3)  60:55:F9:00:00:01\n' +
        '/dev/ttyUSB0  10c4:ea60  CP210x USB-UART bridge                    0001\n',
    );
    assert.equal(err, '');
  });

  it('shows the others when asked', async () => {
    assert.match((await listed([OTHER, CHIP], { all: true })).out, /ttyACM0[^]*\n\/dev\/ttyS0 +– +serial port\n$/);
  });

  it('says what to do when there is none', async () => {
    const none = await listed([OTHER]);
    assert.equal(none.out, '');
    assert.match(
      none.err,
      /No port looks like an ESP32.*\n.*cable that carries data[^]*Other serial ports: 1; .*--all/,
    );
    assert.doesNotMatch((await listed([])).err, /Other serial ports/);
  });

  it('prints JSON', async () => {
    assert.deepEqual(JSON.parse((await listed([OTHER, CHIP], { json: true })).out), [
      {
        path: '/dev/ttyACM0',
        description: 'Espressif USB-Serial-JTAG (ESP32-C3, S3)',
        likely: true,
        usb: { vendorId: 0x303a, productId: 0x1001 },
        serialNumber: '60:55:F9:00:00:01',
      },
    ]);
    assert.deepEqual(JSON.parse((await listed([], { json: true })).out), []);
  });

  it('says in words why the system does not tell', async () => {
    const missing = Object.assign(new Error('spawn udevadm ENOENT'), { code: 'ENOENT', path: 'udevadm' });
    await assert.rejects(serialPorts(backend(missing)), {
      code: 'devices-list',
      message: 'the serial ports cannot be listed: the command udevadm is not installed',
      hint: 'apt-get install udev; or give the port yourself: --port /dev/ttyACM0',
    });
    await assert.rejects(serialPorts(backend(new Error('odd'))), { code: 'devices-list', message: /listed: odd$/ });
  });
});

test('an address given as a port is said to be one', async () => {
  await assert.rejects(choosePort({ port: 'tcp://127.0.0.1:7000' }), {
    code: 'usage',
    hint: '--host tcp://127.0.0.1:7000',
  });
});

describe('the address of a device', () => {
  it('is a name, or says how to talk', () => {
    for (const [host, name] of [
      ['tinylm.local', 'ws://tinylm.local/ws'],
      ['10.0.0.7:8080', 'ws://10.0.0.7:8080/ws'],
      ['[::1]:8080', 'ws://[::1]:8080/ws'],
      ['ws://a:1/b', 'ws://a:1/b'],
      ['tcp://127.0.0.1:7000', '127.0.0.1:7000'],
    ])
      assert.equal(hostTransport(host).name, name);
    for (const host of ['', 'a b', 'tcp://a', 'tcp://a:99999', 'http://a', 'a/b', 'a:port'])
      assert.throws(() => hostTransport(host), { code: 'usage', message: `--host ${host} is no address` }, host);
  });
});

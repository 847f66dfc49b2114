/** Settings, Wi-Fi, facts, speed and report of a chip. */
import { useEffect, useState } from 'preact/hooks';
import type { DeviceSettings } from '../../src/device/index.js';
import { count, decimal, duration, rate, size, words } from '../i18n/index.js';
import { NumberField, Slide, Text } from '../parts/field.js';
import { ClipboardPaste, Download, Icon, LoaderCircle } from '../parts/icon.js';
import { Note } from '../parts/note.js';
import { save } from '../parts/save.js';
import { kind, refresh, status } from '../actions/chip.js';
import { modelled } from '../actions/modelled.js';
import {
  bench,
  loadSettings,
  makeReport,
  measure,
  report,
  sendWifi,
  settings,
  waiting,
  wifiAddress,
} from '../actions/talk.js';

export function Settings() {
  const w = words.value;
  const [draft, setDraft] = useState<Partial<DeviceSettings>>({});
  const [told, setTold] = useState(false);
  useEffect(() => {
    void loadSettings();
  }, []);
  const now = settings.value;
  if (now === undefined)
    return (
      <p class="soft" role="status">
        {w.working}
      </p>
    );
  const s = { ...now, ...draft };
  const set = (change: Partial<DeviceSettings>): void => {
    setTold(false);
    setDraft((before) => ({ ...before, ...change }));
  };
  const send = (): void =>
    void loadSettings(draft).then((done) => {
      setTold(done);
      if (done) setDraft({});
    });
  return (
    <div class="stack">
      <p class="soft">{w.chip.settingsLead}</p>
      <Slide
        label={w.try.temperature}
        about={w.try.temperatureAbout}
        value={s.temperature}
        min={0}
        max={2}
        step={0.05}
        text={decimal(s.temperature, 2)}
        onChange={(t) => set({ temperature: Math.round(100 * t) / 100 })}
      />
      <Slide
        label={w.try.topK}
        about={w.try.topKAbout}
        value={s.top_k}
        min={0}
        max={100}
        step={1}
        text={count(s.top_k)}
        onChange={(top_k) => set({ top_k })}
      />
      <Slide
        label={w.try.penalty}
        value={s.penalty}
        min={1}
        max={2}
        step={0.05}
        text={decimal(s.penalty, 2)}
        onChange={(p) => set({ penalty: Math.round(100 * p) / 100 })}
      />
      <div class="fields">
        <NumberField
          label={w.try.length}
          value={s.length}
          min={1}
          max={65535}
          onChange={(length) => set({ length: length ?? 256 })}
        />
        <NumberField
          label={w.try.seed}
          value={typeof s.seed === 'number' ? s.seed : undefined}
          min={0}
          max={2 ** 32 - 1}
          range={false}
          placeholder="random"
          onChange={(seed) => set({ seed: seed ?? 'random' })}
        />
      </div>
      <Text label={w.try.stopText} value={s.stop} maxLength={32} onChange={(stop) => set({ stop })} />
      <div class="row">
        <button type="button" class="primary" disabled={waiting.value !== undefined} onClick={send}>
          {w.chip.settingsApply}
        </button>
        {told && (
          <span role="status" class="soft">
            {w.chip.settingsDone}
          </span>
        )}
      </div>
    </div>
  );
}

export function Wifi() {
  const w = words.value.chip;
  const [ssid, setSsid] = useState('');
  const [password, setPassword] = useState('');
  const [told, setTold] = useState(false);
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        void sendWifi(ssid, password).then((done) => {
          setTold(done);
          if (done) setPassword('');
        });
      }}
    >
      <p class="soft">{w.wifiLead}</p>
      <div class="fields">
        <Text label={w.ssid} value={ssid} maxLength={32} onChange={setSsid} />
        <Text
          label={w.password}
          value={password}
          type="password"
          maxLength={63}
          autocomplete="new-password"
          onChange={setPassword}
        />
      </div>
      <div class="row">
        <button type="submit" class="primary" disabled={ssid === '' || waiting.value !== undefined}>
          {w.wifiSend}
        </button>
      </div>
      {told && (
        <Note kind="good" role="status">
          <span>{wifiAddress.value ? w.wifiAddress(wifiAddress.value) : w.wifiDone}</span>
        </Note>
      )}
    </form>
  );
}

export function About() {
  const w = words.value.chip;
  useEffect(() => {
    void refresh().catch(() => undefined);
  }, []);
  const s = status.value;
  if (s === undefined) return null;
  const f = w.fields;
  const rows: (readonly [string, string])[] = [
    [f.name, s.name],
    [f.version, s.version],
    [f.protocol, String(s.protocol)],
    [
      w.holds,
      s.model.state === 'ready'
        ? w.modelWords(size(s.model.bytes ?? 0), count(s.model.vocab ?? 0), count(s.model.hidden ?? 0))
        : w.holdsNone,
    ],
    [f.storage, size(s.storage_bytes)],
    [f.ramEngine, w.fitsRam(size(s.ram.engine), size(s.ram.engine_limit))],
    [f.ramApp, size(s.ram.app)],
    [f.uptime, duration(s.uptime_s)],
    ...Object.entries(s.device).map(
      ([key, value]) => [key.replaceAll('_', ' '), typeof value === 'number' ? count(value) : String(value)] as const,
    ),
  ];
  return (
    <table>
      <tbody>
        {rows.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function Speed() {
  const w = words.value.chip;
  const b = bench.value;
  const runs = waiting.value === 'bench';
  return (
    <div class="stack">
      <div class="row">
        <button type="button" class="primary" disabled={waiting.value !== undefined} onClick={() => void measure()}>
          {runs && <Icon of={LoaderCircle} spin size={18} />}
          {runs ? w.benchRunning : w.bench}
        </button>
      </div>
      {b && (
        <Note kind="good" role="status">
          {kind.value === 'virtual' ? (
            <>
              <strong>{w.benchCount(count(b.per_token ?? 0), 'instructions')}</strong>
              <span>{w.benchVirtual}</span>
              {modelled.value && <span>{w.speedModelled(rate(modelled.value))}</span>}
            </>
          ) : (
            <>
              <strong>{w.benchResult(rate(b.tokens_per_second), count(b.tokens))}</strong>
              {b.per_token !== undefined && <span>{w.benchCount(count(b.per_token), b.counter ?? 'cycles')}</span>}
            </>
          )}
        </Note>
      )}
    </div>
  );
}

export function Report() {
  const w = words.value;
  const r = report.value;
  const runs = waiting.value === 'report';
  return (
    <div class="stack">
      <p class="soft">{kind.value === 'virtual' ? w.chip.reportVirtual : w.chip.reportLead}</p>
      <div class="row">
        <button type="button" class="primary" disabled={waiting.value !== undefined} onClick={() => void makeReport()}>
          {runs && <Icon of={LoaderCircle} spin size={18} />}
          {runs ? w.chip.reportRunning : w.chip.report}
        </button>
      </div>
      {r && (
        <>
          <Note kind={r.same === false ? 'bad' : 'good'} role="status">
            <span>
              {r.same === null ? w.chip.reportNotCompared : r.same ? w.chip.reportSame : w.chip.reportNotSame}
            </span>
          </Note>
          <pre class="report" tabIndex={0} lang="en">
            {r.markdown}
          </pre>
          <div class="row">
            <button type="button" onClick={() => void navigator.clipboard.writeText(r.markdown)}>
              <Icon of={ClipboardPaste} size={18} />
              {w.copy}
            </button>
            <button type="button" onClick={() => save('tinylm-report.md', r.markdown, 'text/markdown')}>
              <Icon of={Download} size={18} />
              {w.chip.reportSave}
            </button>
          </div>
        </>
      )}
    </div>
  );
}

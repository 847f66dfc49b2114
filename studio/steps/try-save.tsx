/** The model as files, to keep, to send, or to build into a program. */
import { useState } from 'preact/hooks';
import type { ExportKind, Failure } from '../../src/web/protocol.js';
import { words } from '../i18n/index.js';
import { Download, Icon, Share2 } from '../parts/icon.js';
import { Trouble } from '../parts/note.js';
import { Card } from '../parts/page.js';
import { canShare, fileName, save, share } from '../parts/save.js';
import { cancelled, failureOf } from '../state/trouble.js';
import { model } from '../actions/models.js';
import { trainer } from '../actions/workers.js';

export function TakeAway() {
  const w = words.value.try;
  const [failure, setFailure] = useState<Failure | undefined>(undefined);
  const now = model.value;
  if (now === undefined) return null;
  const name = fileName(now.name);
  const keep = (kind: ExportKind) => async (): Promise<void> => {
    try {
      setFailure(undefined);
      const ask = kind === 'checkpoint' ? { kind, name, run: now.run! } : { kind, name, tlm: now.tlm };
      const file = await trainer().call('export', ask);
      save(file.name, file.bytes, file.type);
    } catch (error) {
      setFailure(failureOf(error));
    }
  };
  const send = (): void =>
    void share(`${name}.tlm`, now.tlm).catch((error: unknown) => {
      if (!cancelled(error)) setFailure(failureOf(error));
    });
  const kinds: readonly (readonly [ExportKind, string])[] = [
    ['tlm', w.saveTlm],
    ['header', w.saveHeader],
    ['arduino', w.saveArduino],
    ...(now.run === undefined ? [] : [['checkpoint', w.saveCheckpoint] as const]),
  ];
  return (
    <Card title={w.share}>
      <p class="soft small">{w.shareAbout}</p>
      <div class="row">
        {kinds.map(([kind, label]) => (
          <button key={kind} type="button" onClick={() => void keep(kind)()}>
            <Icon of={Download} size={17} />
            {label}
          </button>
        ))}
        {canShare(`${name}.tlm`, now.tlm) && (
          <button type="button" onClick={send}>
            <Icon of={Share2} size={17} />
            {w.shareFile}
          </button>
        )}
      </div>
      {failure && <Trouble failure={failure} />}
    </Card>
  );
}

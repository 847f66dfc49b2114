/** Why no port shows, and what to do about it. */
import { words } from '../i18n/index.js';
import { Cable, Hand, Icon, Keyboard, Unplug, Wrench } from '../parts/icon.js';
import { Card } from '../parts/page.js';

export function NoPort() {
  const w = words.value.chip;
  const linux = /linux/i.test(navigator.userAgent) && !/android/i.test(navigator.userAgent);
  return (
    <Card title={w.noPort}>
      <p class="soft">{w.noPortLead}</p>
      <ul class="helps">
        <li>
          <Icon of={Cable} />
          <strong>{w.helpCable}</strong>
          <p>{w.helpCableText}</p>
        </li>
        <li>
          <Icon of={Hand} />
          <strong>{w.helpBoot}</strong>
          <p>{w.helpBootText}</p>
        </li>
        {linux && (
          <li>
            <Icon of={Keyboard} />
            <strong>{w.helpLinux}</strong>
            <div>
              <p>{w.helpLinuxText}</p>
              <pre tabIndex={0}>sudo usermod -aG dialout $USER</pre>
            </div>
          </li>
        )}
        <li>
          <Icon of={Unplug} />
          <strong>{w.helpOther}</strong>
          <p>{w.helpOtherText}</p>
        </li>
        {!linux && (
          <li>
            <Icon of={Wrench} />
            <strong>{w.helpDriver}</strong>
            <p>{w.helpDriverText}</p>
          </li>
        )}
      </ul>
    </Card>
  );
}

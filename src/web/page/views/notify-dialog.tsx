/** Where this device tells of questions: from a page that is open, and by Web Push. */
import { useEffect } from 'preact/hooks';
import { askToNotify, canNotify, permission, stopNotifying, wanted } from '../state/notifications.ts';
import { push, readPush, subscribe, unsubscribe } from '../state/push.ts';
import { attempt } from '../state/toasts.ts';
import { Dialog } from './dialog.tsx';

export function NotifyDialog({ close }: { close: () => void }) {
  useEffect(() => void attempt(readPush), []);
  return (
    <Dialog title="Tell me of questions" close={close}>
      <PageSwitch />
      <PushSwitch />
      <p class="dialog-note">
        Questions are those that only you can answer. What claude wants to run is seen on the page, never answered from
        a notification.
      </p>
    </Dialog>
  );
}

function PageSwitch() {
  const isOn = wanted.value === 'on' && permission.value === 'granted';
  const why = !canNotify
    ? 'This browser shows no notifications here.'
    : permission.value === 'denied'
      ? 'This browser was told to show no notifications of this page; its settings can change that.'
      : undefined;
  return (
    <Switch
      title="While this page is open, in the background"
      note={why ?? 'The browser shows it; nothing leaves this machine and yours.'}
      isOn={isOn}
      isAble={why === undefined}
      change={() => (isOn ? stopNotifying() : void attempt(askToNotify))}
    />
  );
}

function PushSwitch() {
  const state = push.value;
  const note =
    state.kind === 'unable'
      ? state.why
      : state.kind === 'on' || state.kind === 'off'
        ? `Web Push: ${state.isFull ? 'who asks, and what would run,' : 'who asks, and for which tool,'} goes encrypted through the push service of the browser’s vendor.`
        : 'Web Push…';
  return (
    <Switch
      title="Also while it is closed"
      note={note}
      isOn={state.kind === 'on'}
      isAble={state.kind === 'on' || state.kind === 'off'}
      change={() => void attempt(state.kind === 'on' ? unsubscribe : subscribe)}
    />
  );
}

interface SwitchProps {
  title: string;
  note: string;
  isOn: boolean;
  isAble: boolean;
  change: () => void;
}

function Switch({ title, note, isOn, isAble, change }: SwitchProps) {
  return (
    <label class={isAble ? 'switch' : 'switch unable'}>
      <input type="checkbox" role="switch" aria-checked={isOn} checked={isOn} disabled={!isAble} onChange={change} />
      <span class="switch-title">{title}</span>
      <span class="switch-note">{note}</span>
    </label>
  );
}

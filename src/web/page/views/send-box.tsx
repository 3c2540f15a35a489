/** Where a message for a session is written. What stands here stays until the machine has it on its disk. */
import { useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { newKey, request } from '../api.ts';
import type { Message, Session } from '../api-types.ts';
import { draftOf, remember, sentTexts } from '../state/drafts.ts';
import { isTouch } from '../state/media.ts';
import { attempt, say } from '../state/toasts.ts';

const maxHeightPx = 240;

export function SendBox({ session }: { session: Session }) {
  const draft = draftOf(session.id);
  const sending = useSignal(false);
  const field = useRef<HTMLTextAreaElement>(null);
  /** How far back in what was sent, and the key of what is being sent: the same until it is known to be there. */
  const back = useRef(0);
  const key = useRef(newKey());

  useLayoutEffect(() => {
    const it = field.current;
    if (!it) return;
    it.style.height = 'auto';
    it.style.height = `${Math.min(it.scrollHeight, maxHeightPx)}px`;
  }, [draft.value]);

  const send = async (): Promise<void> => {
    const body = draft.value;
    if (body.trim() === '' || sending.value) return;
    sending.value = true;
    const done = await attempt(async () => {
      const path = `/sessions/${encodeURIComponent(session.id)}/messages`;
      const message = await request<Message>('POST', path, { body }, { idempotencyKey: key.current });
      say(message.state === 'queued' ? 'Queued: it goes in when claude is idle.' : 'On its way.');
    });
    sending.value = false;
    if (!done) return;
    key.current = newKey();
    remember(body);
    back.current = 0;
    // what was typed while it was on its way is another message
    if (draft.value === body) draft.value = '';
  };

  const recall = (step: number): void => {
    const sent = sentTexts();
    back.current = Math.max(0, Math.min(sent.length, back.current + step));
    draft.value = back.current === 0 ? '' : sent[sent.length - back.current]!;
  };

  return (
    <form
      class="send-box"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <textarea
        ref={field}
        rows={1}
        aria-label={`Message for ${session.name}`}
        placeholder={`Message for ${session.alias ?? session.name}…`}
        value={draft.value}
        onInput={(event) => {
          if (draft.value !== event.currentTarget.value) key.current = newKey();
          draft.value = event.currentTarget.value;
        }}
        onKeyDown={(event) => {
          if (event.isComposing) return;
          if (event.key === 'Enter' && (event.metaKey || event.ctrlKey || (!event.shiftKey && !isTouch.value))) {
            event.preventDefault();
            void send();
          }
          const recalling = draft.value === '' || back.current > 0;
          if (recalling && (event.key === 'ArrowUp' || event.key === 'ArrowDown') && sentTexts().length > 0) {
            event.preventDefault();
            recall(event.key === 'ArrowUp' ? 1 : -1);
          }
        }}
      />
      <button type="submit" class="primary" disabled={sending.value || draft.value.trim() === ''}>
        {sending.value ? 'Sending…' : 'Send'}
      </button>
    </form>
  );
}

/** A dialog over the page: the browser's own, with its focus and its Escape. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

export function Dialog({ title, close, children }: { title: string; close: () => void; children: ComponentChildren }) {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    element.current?.showModal();
    return () => element.current?.close();
  }, []);
  return (
    <dialog
      ref={element}
      aria-label={title}
      onClose={close}
      onMouseDown={(event) => {
        if (event.target === element.current) close();
      }}
    >
      <header class="dialog-head">
        <h2>{title}</h2>
        <button type="button" class="small quiet" aria-label="Close" onClick={close}>
          ✕
        </button>
      </header>
      {children}
    </dialog>
  );
}

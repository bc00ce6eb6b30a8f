import { defineStore } from 'pinia';
import { ref } from 'vue';

export interface Toast {
  id: number;
  text: string;
  /** Takes back what the text says was done. */
  undo?: () => void | Promise<void>;
}

const visibleMs = 7000;

/** Short messages at the foot of the window; each goes by itself, those with an undo can be taken back. */
export const useToasts = defineStore('toasts', () => {
  const toasts = ref<Toast[]>([]);
  let nextId = 1;

  function dismiss(id: number) {
    toasts.value = toasts.value.filter((toast) => toast.id !== id);
  }

  function show(toast: Omit<Toast, 'id'>) {
    const id = nextId++;
    toasts.value = [...toasts.value.slice(-2), { ...toast, id }];
    window.setTimeout(() => dismiss(id), visibleMs);
  }

  async function undo(toast: Toast) {
    dismiss(toast.id);
    await toast.undo?.();
  }

  return { toasts, show, dismiss, undo };
});

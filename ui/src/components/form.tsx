/** A form: its fields, what the box says about them, and its buttons. */
import { Button, Group, Modal, Stack } from '@mantine/core';
import { useState, type ReactNode, type SubmitEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { ProblemBox } from './problem';

interface Change {
  mutate: () => void;
  isPending: boolean;
  error: Error | null;
}

export function Form({ change, label, cancel, children }: { change: Change; label: string; cancel?: () => void; children: ReactNode }) {
  const { t } = useTranslation();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    // A dialog's form stands inside the page's elements: its submit is nobody else's.
    event.stopPropagation();
    change.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        {children}
        {change.error && <ProblemBox error={change.error} />}
        <Group justify="flex-end">
          {cancel && (
            <Button variant="default" onClick={cancel}>
              {t('app.cancel')}
            </Button>
          )}
          <Button type="submit" loading={change.isPending} fullWidth={!cancel}>
            {label}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** Text fields of one object: `{...field('name')}` ties an input to it. */
export function useFields<Fields extends Record<string, string>>(initial: Fields) {
  const [fields, setFields] = useState(initial);
  const field = (name: keyof Fields & string) => ({
    value: fields[name],
    onChange: (event: { currentTarget: { value: string } }) => {
      const { value } = event.currentTarget;
      setFields((fields) => ({ ...fields, [name]: value }));
    },
  });
  return { fields, field, setFields };
}

/** Empty fields as the API wants them. */
export function orNull<Fields extends Record<string, string>>(fields: Fields): { [Name in keyof Fields]: string | null } {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value.trim() || null])) as never;
}

export function Dialog({ opened, close, title, size, children }: { opened: boolean; close: () => void; title: string; size?: 'xl'; children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <Modal opened={opened} onClose={close} title={title} size={size} closeButtonProps={{ 'aria-label': t('app.close') }}>
      {children}
    </Modal>
  );
}

/** A webhook's address and the kinds it is sent. */
import { Checkbox, Stack, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, done } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useMay } from '~/api/session';
import { Form, useFields } from '~/components/form';
import type { Webhook } from './list';

export function WebhookForm({ hook, close, show }: { hook?: Webhook; close: () => void; show: (secret: string) => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const { fields, field } = useFields({ url: hook?.url ?? '' });
  const [kinds, setKinds] = useState(hook?.kinds ?? []);
  // The kinds there are; without the permission for them, all is what can be chosen.
  const known = useQuery({ queryKey: ['notifications'], queryFn: () => done(client.GET('/api/v1/notifications')), enabled: may('notification.read') });
  const save = useChange(
    async () => {
      const body = { url: fields.url.trim(), kinds };
      if (!hook) return (await done(client.POST('/api/v1/webhooks', { body }))).secret;
      await done(client.PATCH('/api/v1/webhooks/{id}', { params: { path: { id: hook.id } }, body }));
      return undefined;
    },
    ['webhooks'],
    (secret) => {
      if (secret) show(secret);
      else close();
    },
  );
  return (
    <Form change={save} label={hook ? t('app.save') : t('webhooks.make')} cancel={close}>
      <TextInput label={t('webhooks.url')} placeholder="https://server.example/path" type="url" {...field('url')} required data-autofocus />
      {known.data && (
        <Checkbox.Group label={t('webhooks.kinds')} description={t('webhooks.kindsHint')} value={kinds} onChange={setKinds}>
          <Stack gap={6} mt="xs">
            {known.data.notifications.map((one) => (
              <Checkbox key={one.kind} value={one.kind} label={t(`notify.kinds.${one.kind as 'alarm'}`, { defaultValue: one.words })} />
            ))}
          </Stack>
        </Checkbox.Group>
      )}
    </Form>
  );
}

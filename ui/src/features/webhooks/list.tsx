/** Addresses of programs that events are sent to. */
import { Button, Group, Stack, Switch, Text, UnstyledButton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, done, type Schema } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useMay } from '~/api/session';
import { ConfirmButton } from '~/components/confirm';
import { Copyable } from '~/components/copy';
import { Dialog } from '~/components/form';
import { Icon } from '~/components/icon';
import { Notice } from '~/components/notice';
import { Empty, Page, Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';
import { Deliveries } from './deliveries';
import { WebhookForm } from './edit';

export type Webhook = Schema<'WebhookView'>;

export function WebhookList() {
  const { t } = useTranslation();
  const may = useMay();
  const [editing, setEditing] = useState<Webhook | 'new'>();
  const [secret, setSecret] = useState<string>();
  const hooks = useQuery({ queryKey: ['webhooks'], queryFn: () => done(client.GET('/api/v1/webhooks')) });
  const close = () => {
    setEditing(undefined);
    setSecret(undefined);
  };
  return (
    <Page
      title={t('nav.webhooks')}
      text={t('webhooks.text')}
      actions={
        may('webhook.write') && (
          <Button leftSection={<Icon name="plus" />} onClick={() => { setEditing('new'); }}>
            {t('webhooks.add')}
          </Button>
        )
      }
    >
      {hooks.isPending && <Waiting />}
      {hooks.error && <ProblemBox error={hooks.error} retry={() => void hooks.refetch()} />}
      {hooks.data?.length === 0 && <Empty icon="globe" title={t('webhooks.empty')} text={t('webhooks.emptyText')} />}
      {hooks.data && hooks.data.length > 0 && (
        <ul className="feed">
          {hooks.data.map((hook) => (
            <Row key={hook.id} hook={hook} edit={() => { setEditing(hook); }} />
          ))}
        </ul>
      )}
      <Notice tone="quiet">{t('webhooks.private')}</Notice>
      <Dialog
        opened={editing !== undefined || secret !== undefined}
        close={close}
        title={secret ? t('webhooks.secret') : editing === 'new' ? t('webhooks.add') : t('webhooks.edit')}
      >
        {secret ? (
          <Stack>
            <Text size="sm">{t('webhooks.once')}</Text>
            <Copyable text={secret} />
            <Text size="sm">{t('webhooks.how')}</Text>
            <Button onClick={close}>{t('app.close')}</Button>
          </Stack>
        ) : (
          editing && <WebhookForm hook={editing === 'new' ? undefined : editing} close={close} show={setSecret} />
        )}
      </Dialog>
    </Page>
  );
}

function Row({ hook, edit }: { hook: Webhook; edit: () => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const [isOpen, setOpen] = useState(false);
  const params = { path: { id: hook.id } };
  const touched = ['webhooks', 'deliveries'];
  const turn = useChange((enabled: boolean) => done(client.PATCH('/api/v1/webhooks/{id}', { params, body: { enabled } })), touched);
  const test = useChange(() => done(client.POST('/api/v1/webhooks/{id}/test', { params })), touched, () => { setOpen(true); });
  const remove = useChange(() => done(client.DELETE('/api/v1/webhooks/{id}', { params })), touched);
  const error = turn.error ?? test.error;
  const kinds = hook.kinds.map((kind) => t(`notify.kinds.${kind as 'alarm'}`, { defaultValue: kind }));
  return (
    <li>
      <Stack gap="xs">
        <Group justify="space-between" gap="xs">
          <Text size="sm" flex="1 1 18rem" component="div">
            <UnstyledButton className="open" aria-expanded={isOpen} onClick={() => { setOpen(!isOpen); }}>
              {hook.url}
            </UnstyledButton>
            <br />
            <span className="second">{kinds.length > 0 ? kinds.join(' · ') : t('webhooks.all')}</span>
          </Text>
          {may('webhook.write') && (
            <Group gap="xs">
              <Switch label={t('webhooks.on')} checked={hook.enabled} onChange={(event) => { turn.mutate(event.currentTarget.checked); }} />
              <Button size="xs" variant="default" loading={test.isPending} onClick={() => { test.mutate(); }}>
                {t('webhooks.test')}
              </Button>
              <Button size="xs" variant="default" onClick={edit}>
                {t('devices.edit')}
              </Button>
              <ConfirmButton size="xs" variant="default" label={t('devices.remove')} text={t('webhooks.removeText')} act={remove} />
            </Group>
          )}
        </Group>
        {error && <ProblemBox error={error} />}
        {isOpen && <Deliveries id={hook.id} />}
      </Stack>
    </li>
  );
}

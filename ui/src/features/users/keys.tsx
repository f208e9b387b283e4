/** Keys of programs: made, renewed and taken away here, used elsewhere. */
import { Button, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, done, type Schema } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useMay, useSession } from '~/api/session';
import { ConfirmButton } from '~/components/confirm';
import { Copyable } from '~/components/copy';
import { Dialog, Form, useFields } from '~/components/form';
import { Icon } from '~/components/icon';
import { Empty, Page, Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';
import { Time } from '~/components/time';

type Key = Schema<'ApiKey'>;

export function KeyList() {
  const { t } = useTranslation();
  const may = useMay();
  const [adding, setAdding] = useState(false);
  const [secret, setSecret] = useState<string>();
  const keys = useQuery({ queryKey: ['api-keys'], queryFn: () => done(client.GET('/api/v1/api-keys')) });
  const close = () => {
    setAdding(false);
    setSecret(undefined);
  };
  return (
    <Page
      title={t('nav.keys')}
      text={t('keys.text')}
      actions={
        may('api-key.write') && (
          <Button leftSection={<Icon name="plus" />} onClick={() => { setAdding(true); }}>
            {t('keys.add')}
          </Button>
        )
      }
    >
      {keys.isPending && <Waiting />}
      {keys.error && <ProblemBox error={keys.error} retry={() => void keys.refetch()} />}
      {keys.data?.length === 0 && <Empty icon="key" title={t('keys.empty')} text={t('keys.emptyText')} />}
      {keys.data && keys.data.length > 0 && (
        <ul className="feed">
          {keys.data.map((key) => (
            <KeyRow key={key.id} of={key} show={setSecret} />
          ))}
        </ul>
      )}
      <Dialog opened={adding || secret !== undefined} close={close} title={secret ? t('keys.secret') : t('keys.add')}>
        {secret ? (
          <Stack>
            <Text size="sm">{t('keys.once')}</Text>
            <Copyable text={secret} />
            <Button onClick={close}>{t('app.close')}</Button>
          </Stack>
        ) : (
          <AddForm close={close} show={setSecret} />
        )}
      </Dialog>
    </Page>
  );
}

function KeyRow({ of: key, show }: { of: Key; show: (secret: string) => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const params = { path: { id: key.id } };
  const renew = useChange(() => done(client.POST('/api/v1/api-keys/{id}/reset', { params })), ['api-keys'], ({ secret }) => { show(secret); });
  const remove = useChange(() => done(client.DELETE('/api/v1/api-keys/{id}', { params })), ['api-keys']);
  return (
    <li>
      <Group justify="space-between" gap="xs">
        <Text size="sm" flex="1 1 18rem">
          <b>{key.name}</b> <span className="mono">{key.access_key}</span>
          <br />
          <span className="second">
            {key.everything ? t('roles.everything') : t('roles.count', { count: key.permissions.length })} · {t('keys.used')} <Time at={key.last_used_at} />
            {key.expires_at && <> · {t('keys.expires')} <Time at={key.expires_at} /></>}
            {key.sources.length > 0 && ` · ${key.sources.join(', ')}`}
          </span>
        </Text>
        {may('api-key.write') && (
          <Group gap="xs">
            <ConfirmButton size="xs" variant="default" label={t('keys.renew')} text={t('keys.renewText')} act={renew} />
            <ConfirmButton size="xs" variant="default" label={t('devices.remove')} text={t('keys.removeText')} act={remove} />
          </Group>
        )}
      </Group>
    </li>
  );
}

function AddForm({ close, show }: { close: () => void; show: (secret: string) => void }) {
  const { t } = useTranslation();
  const { data: session } = useSession();
  const { fields, field } = useFields({ name: '', may: 'read', expires: '', sources: '' });
  const add = useChange(
    () => {
      const permissions = fields.may === 'read' ? session?.permissions.filter((name) => name.endsWith('.read')) : undefined;
      const body = {
        name: fields.name,
        permissions,
        sources: fields.sources.split(/[\s,]+/).filter(Boolean),
        expires_at: fields.expires ? new Date(fields.expires).getTime() : null,
      };
      return done(client.POST('/api/v1/api-keys', { body }));
    },
    ['api-keys'],
    ({ secret }) => { show(secret); },
  );
  return (
    <Form change={add} label={t('keys.make')} cancel={close}>
      <TextInput label={t('people.name')} {...field('name')} required data-autofocus />
      <NativeSelect
        label={t('roles.may')}
        {...field('may')}
        data={[
          { value: 'read', label: t('keys.reads') },
          { value: 'all', label: t('roles.everything') },
        ]}
      />
      <TextInput label={t('keys.expires')} description={t('keys.expiresHint')} type="date" {...field('expires')} />
      <TextInput label={t('keys.sources')} description={t('keys.sourcesHint')} {...field('sources')} />
    </Form>
  );
}

/** The mail server of the box: set, tried, taken away. */
import { Card, Checkbox, Group, NativeSelect, PasswordInput, SimpleGrid, Stack, Text, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, done, type Schema } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useMay, useSession } from '~/api/session';
import { ConfirmButton } from '~/components/confirm';
import { Form, useFields } from '~/components/form';
import { Notice } from '~/components/notice';
import { Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';

type Settings = Schema<'MailView'>;
type Security = Schema<'Security'>;
const SECURITIES: Security[] = ['starttls', 'tls', 'none'];
const PORTS: Record<Security, string> = { starttls: '587', tls: '465', none: '25' };

export function Server() {
  const { t } = useTranslation();
  const may = useMay();
  const server = useQuery({ queryKey: ['mail'], queryFn: () => done(client.GET('/api/v1/mail')) });
  const remove = useChange(() => done(client.DELETE('/api/v1/mail')), ['mail', 'notifications']);
  if (server.error) return <ProblemBox error={server.error} retry={() => void server.refetch()} />;
  if (!server.data) return <Waiting />;
  const { configured } = server.data;
  return (
    <Stack>
      {!configured && <Notice tone="notice" title={t('mail.unset')}>{t('mail.unsetText')}</Notice>}
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Card withBorder>
          {may('mail.write') ? <ServerForm key={JSON.stringify(server.data)} server={server.data} /> : <Facts server={server.data} />}
        </Card>
        {may('mail.write') && configured && (
          <Card withBorder>
            <Stack>
              <Test />
              <Group justify="flex-end">
                <ConfirmButton size="xs" variant="default" label={t('mail.remove')} text={t('mail.removeText')} act={remove} />
              </Group>
            </Stack>
          </Card>
        )}
      </SimpleGrid>
    </Stack>
  );
}

function Facts({ server }: { server: Settings }) {
  const { t } = useTranslation();
  return (
    <dl className="facts">
      <dt>{t('mail.host')}</dt>
      <dd>{server.host ?? t('app.none')}</dd>
      <dt>{t('mail.port')}</dt>
      <dd>{server.port ?? t('app.none')}</dd>
      <dt>{t('mail.from')}</dt>
      <dd>{server.from ?? t('app.none')}</dd>
    </dl>
  );
}

function ServerForm({ server }: { server: Settings }) {
  const { t } = useTranslation();
  const { fields, field, setFields } = useFields({
    host: server.host ?? '',
    security: server.security ?? 'starttls',
    port: server.port ? String(server.port) : '',
    user: server.user ?? '',
    password: '',
    from: server.from ?? '',
  });
  const [bare, setBare] = useState(false);
  const save = useChange(
    () => {
      const { host, from, user, port, password } = fields;
      const security = fields.security as Security;
      // Left empty: as it was. Taken away: null.
      const secret = bare ? { password: null } : password ? { password } : {};
      const body = { host, from, security, user: user || null, port: port ? Number(port) : null, ...secret };
      return done(client.PUT('/api/v1/mail', { body }));
    },
    ['mail', 'notifications'],
    () => { setFields((fields) => ({ ...fields, password: '' })); },
  );
  return (
    <Form change={save} label={t('app.save')}>
      <TextInput label={t('mail.host')} placeholder="mail.company.example" {...field('host')} required />
      <SimpleGrid cols={2}>
        <NativeSelect
          label={t('mail.security')}
          {...field('security')}
          data={SECURITIES.map((value) => ({ value, label: t(`mail.securities.${value}`) }))}
        />
        <TextInput label={t('mail.port')} placeholder={PORTS[fields.security as Security]} inputMode="numeric" pattern="[0-9]*" {...field('port')} />
      </SimpleGrid>
      {fields.security === 'none' && <Text size="sm">{t('mail.noneText')}</Text>}
      <TextInput label={t('mail.user')} description={t('mail.userHint')} autoComplete="off" {...field('user')} />
      <PasswordInput
        label={t('people.password')}
        description={server.password_set ? t('mail.passwordSet') : t('mail.passwordHint')}
        autoComplete="new-password"
        disabled={bare}
        {...field('password')}
      />
      {server.password_set && <Checkbox label={t('mail.noPassword')} checked={bare} onChange={(event) => { setBare(event.currentTarget.checked); }} />}
      <TextInput label={t('mail.from')} description={t('mail.fromHint')} {...field('from')} required />
    </Form>
  );
}

/** What the mail server says, in its own words. */
function Test() {
  const { t } = useTranslation();
  const { data: session } = useSession();
  const { fields, field } = useFields({ to: session?.user.email ?? '' });
  const test = useChange(() => done(client.POST('/api/v1/mail/test', { body: { to: fields.to } })), []);
  return (
    <Stack gap="xs">
      <Title order={2} size="h5">
        {t('mail.test')}
      </Title>
      <Form change={test} label={t('mail.testSend')}>
        <TextInput label={t('mail.to')} type="email" {...field('to')} required />
      </Form>
      <div aria-live="polite">
        {test.data?.sent && <Notice tone="good">{t('mail.tested', { to: fields.to })}</Notice>}
        {test.data && !test.data.sent && <Notice tone="bad" title={t('mail.notSent')}>{test.data.error}</Notice>}
      </div>
    </Stack>
  );
}

/** Personal information: words, language, password, second factor, sessions. */
import { Button, Card, Group, NativeSelect, PasswordInput, SimpleGrid, Stack, Text, TextInput, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { client, done, type Schema } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useEnter } from '~/api/session';
import { ConfirmButton } from '~/components/confirm';
import { Dialog, Form, orNull, useFields } from '~/components/form';
import { Page, Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';
import { Status } from '~/components/status';
import { Time } from '~/components/time';
import { chooseLanguage, languageChoices, languageOf } from '~/lib/i18n';
import { shownAs } from './names';
import { PasswordForm } from './password';
import { TotpRemoval, TotpSetup } from './totp';

export function MePage() {
  const { t } = useTranslation();
  const me = useQuery({ queryKey: ['me'], queryFn: () => done(client.GET('/api/v1/me')) });
  if (me.error) return <ProblemBox error={me.error} retry={() => void me.refetch()} />;
  if (!me.data) return <Waiting />;
  return (
    <Page title={t('me.title')} text={`${me.data.login} · ${me.data.account} · ${me.data.role}`}>
      <SimpleGrid cols={{ base: 1, lg: 2 }}>
        <Part title={t('me.info')}>
          <Info me={me.data} />
        </Part>
        <Stack>
          <Part title={t('people.password')}>
            <PasswordForm />
          </Part>
          <Part title={t('totp.title')}>
            <SecondFactor me={me.data} />
          </Part>
        </Stack>
      </SimpleGrid>
      <Part title={t('sessions.title')}>
        <Sessions />
      </Part>
    </Page>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Card withBorder component="section">
      <Stack>
        <Title order={2} size="h5">
          {title}
        </Title>
        {children}
      </Stack>
    </Card>
  );
}

function Info({ me }: { me: Schema<'Me'> }) {
  const { t } = useTranslation();
  const { fields, field } = useFields({
    name: me.name,
    first_name: me.first_name ?? '',
    last_name: me.last_name ?? '',
    email: me.email,
    phone: me.phone ?? '',
    country: me.country ?? '',
    locale: me.locale,
    password: '',
  });
  const isMailNew = fields.email !== me.email;
  const change = useChange(
    () => {
      const { email, first_name, last_name, phone, country, locale, password } = fields;
      const body = { ...shownAs(fields, me.name), ...orNull({ first_name, last_name, phone, country }), locale, ...(isMailNew && { email, password }) };
      return done(client.PATCH('/api/v1/me', { body }));
    },
    ['me', 'session'],
    ({ locale }) => {
      const language = languageOf(locale);
      if (language) void chooseLanguage(language);
    },
  );
  return (
    <Form change={change} label={t('app.save')}>
      <SimpleGrid cols={2}>
        <TextInput label={t('people.login')} value={me.login} readOnly />
        <TextInput label={t('people.account')} value={me.account} readOnly />
      </SimpleGrid>
      <SimpleGrid cols={2}>
        <TextInput label={t('people.firstName')} {...field('first_name')} autoComplete="given-name" />
        <TextInput label={t('people.lastName')} {...field('last_name')} autoComplete="family-name" />
      </SimpleGrid>
      <TextInput label={t('people.name')} description={t('me.nameHint')} {...field('name')} required autoComplete="name" />
      <TextInput label={t('people.email')} type="email" {...field('email')} required autoComplete="email" />
      {isMailNew && <PasswordInput label={t('people.password')} description={t('me.mailHint')} {...field('password')} required autoComplete="current-password" />}
      <TextInput label={t('people.phone')} {...field('phone')} autoComplete="tel" />
      <TextInput label={t('people.country')} {...field('country')} autoComplete="country-name" />
      <NativeSelect label={t('app.language')} {...field('locale')} data={languageChoices(me.locale)} />
    </Form>
  );
}

function SecondFactor({ me }: { me: Schema<'Me'> }) {
  const { t } = useTranslation();
  const [opened, dialog] = useDisclosure();
  const queries = useQueryClient();
  const finished = () => {
    dialog.close();
    void queries.invalidateQueries({ queryKey: ['me'] });
  };
  return (
    <>
      <Status tone={me.totp ? 'good' : 'quiet'}>{me.totp ? t('totp.on') : t('totp.off')}</Status>
      <Text size="sm" c="dimmed">
        {me.totp ? t('totp.left', { count: me.recovery_codes }) : t('totp.text')}
      </Text>
      <Group>
        <Button variant="default" onClick={dialog.open}>
          {me.totp ? t('totp.remove') : t('totp.setUp')}
        </Button>
      </Group>
      <Dialog opened={opened} close={dialog.close} title={t('totp.title')}>
        {me.totp ? <TotpRemoval close={dialog.close} /> : <TotpSetup done={finished} />}
      </Dialog>
    </>
  );
}

function Sessions() {
  const { t } = useTranslation();
  const enter = useEnter();
  const sessions = useQuery({ queryKey: ['sessions'], queryFn: () => done(client.GET('/api/v1/sessions')) });
  const end = useChange((id: number) => done(client.DELETE('/api/v1/sessions/{id}', { params: { path: { id } } })), ['sessions']);
  const endAll = useChange(() => done(client.DELETE('/api/v1/sessions')), [], () => { enter(null); });
  const error = sessions.error ?? end.error;
  return (
    <>
      {error && <ProblemBox error={error} />}
      <ul className="feed">
        {sessions.data?.map((session) => (
          <li key={session.id}>
            <Group justify="space-between" gap="xs">
              <Text size="sm" flex="1 1 18rem">
                {session.agent || t('sessions.program')}
                <br />
                <span className="second">
                  {session.peer} · {t(`sessions.by.${session.by as 'password'}`, { defaultValue: session.by })} <Time at={session.created_at} /> · {t('sessions.seen')} <Time at={session.seen_at} />
                </span>
              </Text>
              {session.current ? (
                <Status tone="good">{t('sessions.current')}</Status>
              ) : (
                <Button size="xs" variant="default" onClick={() => { end.mutate(session.id); }}>
                  {t('sessions.end')}
                </Button>
              )}
            </Group>
          </li>
        ))}
      </ul>
      <Group>
        <ConfirmButton variant="default" label={t('sessions.endAll')} text={t('sessions.endAllText')} act={endAll} />
      </Group>
    </>
  );
}

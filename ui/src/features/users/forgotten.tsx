/** A forgotten password: asking for a link, and choosing a new one with it. */
import { Anchor, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import { client, done } from '~/api/client';
import { Doorway } from '~/components/card';
import { Form, useFields } from '~/components/form';
import { Notice } from '~/components/notice';
import { NewPassword } from './new_password';

export function Forgotten() {
  const { t } = useTranslation();
  // What was typed at the login already.
  const [params] = useSearchParams();
  const { fields, field } = useFields({ login: params.get('login') ?? '' });
  const ask = useMutation({ mutationFn: () => done(client.POST('/api/v1/password/forgotten', { body: fields })) });
  return (
    <Doorway title={t('forgotten.title')} text={ask.isSuccess ? undefined : t('forgotten.text')}>
      {ask.isSuccess ? (
        <Notice tone="good" role="status">
          {t('forgotten.asked')}
        </Notice>
      ) : (
        <Form change={ask} label={t('forgotten.ask')}>
          <TextInput label={t('login.login')} {...field('login')} required autoFocus autoComplete="username" />
        </Form>
      )}
      <ToLogin />
    </Doorway>
  );
}

/** ALE-012: the first password, and a login name of one's own beside it. */
export function Activate() {
  return <Reset first />;
}

/** The link's word stands behind the #: browsers send that part to no server. */
export function Reset({ first = false }: { first?: boolean }) {
  const { t } = useTranslation();
  const [token] = useState(() => new URLSearchParams(window.location.hash.slice(1)).get('code') ?? '');
  const { fields, field } = useFields({ login: '', password: '', again: '' });
  const reset = useMutation({
    mutationFn: () => done(client.POST('/api/v1/password/reset', { body: { token, password: fields.password, login: fields.login || null } })),
  });
  return (
    <Doorway title={t('reset.title')} text={token ? undefined : t('reset.broken')}>
      {reset.isSuccess && (
        <Notice tone="good" role="status">
          {t('reset.done')}
        </Notice>
      )}
      {token && !reset.isSuccess && (
        <Form change={reset} label={t('app.save')}>
          {first && <TextInput label={t('people.login')} description={t('reset.loginHint')} {...field('login')} autoComplete="username" />}
          <NewPassword label={t('people.newPassword')} hint={t('people.passwordHint')} first={field('password')} again={field('again')} autoFocus />
        </Form>
      )}
      <ToLogin />
    </Doorway>
  );
}

function ToLogin() {
  const { t } = useTranslation();
  return (
    <Text size="sm">
      <Anchor component={Link} to="/">
        {t('forgotten.login')}
      </Anchor>
    </Text>
  );
}

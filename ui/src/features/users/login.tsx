/** Logging in: password, and where it is due the code of an authenticator app or a recovery code. */
import { Anchor, PasswordInput, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { client, done, Problem } from '~/api/client';
import { useEnter } from '~/api/session';
import { Doorway } from '~/components/card';
import { Form, useFields } from '~/components/form';

export function Login() {
  const { t } = useTranslation();
  const enter = useEnter();
  const [isCodeDue, setCodeDue] = useState(false);
  const { fields, field } = useFields({ login: '', password: '', code: '' });
  const login = useMutation({
    mutationFn: () => done(client.POST('/api/v1/session', { body: { ...fields, code: isCodeDue ? fields.code : undefined } })),
    onSuccess: enter,
    onError: (error) => {
      if (error instanceof Problem && error.code === 'code_needed') setCodeDue(true);
    },
  });
  // That a code is due is no failure: the next field says it.
  const asked = login.error instanceof Problem && login.error.code === 'code_needed';
  return (
    <Doorway title={t('login.title')}>
      <Form change={asked ? { ...login, error: null } : login} label={t('login.enter')}>
        <TextInput label={t('login.login')} {...field('login')} required autoFocus autoComplete="username" readOnly={isCodeDue} />
        <PasswordInput label={t('login.password')} {...field('password')} required autoComplete="current-password" readOnly={isCodeDue} />
        {isCodeDue && (
          <TextInput label={t('login.code')} description={t('login.codeHint')} {...field('code')} required autoFocus autoComplete="one-time-code" inputMode="text" />
        )}
      </Form>
      <Anchor component={Link} to="/forgotten" size="sm">
        {t('login.forgotten')}
      </Anchor>
    </Doorway>
  );
}

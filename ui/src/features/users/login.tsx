/** Logging in: password, and where it is due the code of an authenticator app or a recovery code; or a certificate. */
import { Anchor, Button, PasswordInput, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { client, done, Problem } from '~/api/client';
import { useEnter } from '~/api/session';
import { Doorway } from '~/components/card';
import { Form, useFields } from '~/components/form';
import { ProblemBox } from '~/components/problem';

const isCodeNeeded = (error: Error | null) => error instanceof Problem && error.code === 'code-needed';

export function Login() {
  const { t } = useTranslation();
  const enter = useEnter();
  const [codeFor, setCodeFor] = useState<'password' | 'certificate'>();
  const { fields, field } = useFields({ login: '', password: '', code: '' });
  const box = useQuery({ queryKey: ['setup'], queryFn: () => done(client.GET('/api/v1/setup')) });
  const code = codeFor ? fields.code : undefined;
  const certificate = useMutation({
    mutationFn: () => done(client.POST('/api/v1/session/certificate', { body: { code } })),
    onSuccess: enter,
    onError: (error) => { if (isCodeNeeded(error)) setCodeFor('certificate'); },
  });
  const password = useMutation({
    mutationFn: () => done(client.POST('/api/v1/session', { body: { ...fields, code } })),
    onSuccess: enter,
    onError: (error) => { if (isCodeNeeded(error)) setCodeFor('password'); },
  });
  const login = codeFor === 'certificate' ? certificate : password;
  // That a code is due is no failure, the first time: the next field says it.
  const isAsked = isCodeNeeded(login.error) && fields.code === '';
  return (
    <Doorway title={t('login.title')}>
      <Form change={isAsked ? { ...login, error: null } : login} label={t('login.enter')}>
        {codeFor !== 'certificate' && (
          <>
            <TextInput label={t('login.login')} {...field('login')} required autoFocus autoComplete="username" readOnly={codeFor === 'password'} />
            <PasswordInput label={t('login.password')} {...field('password')} required autoComplete="current-password" readOnly={codeFor === 'password'} />
          </>
        )}
        {codeFor && (
          <TextInput label={t('login.code')} description={t('login.codeHint')} {...field('code')} required autoFocus autoComplete="one-time-code" inputMode="text" />
        )}
      </Form>
      {box.data?.certificates && !codeFor && (
        <>
          <Button variant="default" loading={certificate.isPending} onClick={() => { certificate.mutate(); }}>
            {t('login.certificate')}
          </Button>
          {certificate.error && !isCodeNeeded(certificate.error) && <ProblemBox error={certificate.error} />}
        </>
      )}
      <Anchor component={Link} to={`/forgotten${fields.login ? `?login=${encodeURIComponent(fields.login)}` : ''}`} size="sm">
        {t('login.forgotten')}
      </Anchor>
    </Doorway>
  );
}

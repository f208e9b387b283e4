/** The second factor: setting up an authenticator app, and taking it away. */
import { Button, Image, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { client, done, tellCsrf } from '~/api/client';
import { useChange } from '~/api/hooks';
import { Copyable } from '~/components/copy';
import { Form, useFields } from '~/components/form';
import { Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';

/** Picture, first code, recovery codes: `done` when they were seen. */
export function TotpSetup({ done: finished }: { done: () => void }) {
  const { t } = useTranslation();
  const { fields, field } = useFields({ code: '' });
  const secret = useQuery({
    queryKey: ['totp'],
    queryFn: () => done(client.POST('/api/v1/me/totp')),
    staleTime: Infinity,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
  // Nothing is read anew yet: who looks at recovery codes must not lose them.
  const confirm = useChange(async () => {
    const confirmed = await done(client.PUT('/api/v1/me/totp', { body: fields }));
    // The session has another cookie now, and its word is another one.
    tellCsrf(confirmed.csrf);
    return confirmed;
  }, []);
  if (confirm.data) {
    return (
      <Stack>
        <Text size="sm">{t('totp.recovery')}</Text>
        <pre className="file">{confirm.data.recovery_codes.join('\n')}</pre>
        <Button onClick={finished}>{t('totp.kept')}</Button>
      </Stack>
    );
  }
  if (secret.error) return <ProblemBox error={secret.error} retry={() => void secret.refetch()} />;
  if (!secret.data) return <Waiting />;
  return (
    <Stack>
      <Text size="sm">{t('totp.scan')}</Text>
      <Image src={`data:image/svg+xml,${encodeURIComponent(secret.data.qr_svg)}`} alt={t('totp.picture')} w={200} bg="white" p="xs" radius="md" />
      <Copyable text={secret.data.secret} />
      <Form change={confirm} label={t('totp.confirm')}>
        <TextInput label={t('totp.code')} {...field('code')} required autoComplete="one-time-code" inputMode="numeric" />
      </Form>
    </Stack>
  );
}

export function TotpRemoval({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const { fields, field } = useFields({ password: '' });
  const remove = useChange(() => done(client.DELETE('/api/v1/me/totp', { body: fields })), ['me'], close);
  return (
    <Form change={remove} label={t('totp.remove')} cancel={close}>
      <PasswordInput label={t('people.password')} {...field('password')} required autoComplete="current-password" data-autofocus />
    </Form>
  );
}

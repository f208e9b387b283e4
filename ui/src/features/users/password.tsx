/** Changing one's own password. Every other session of the user ends. */
import { PasswordInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { client, done } from '~/api/client';
import { useEnter } from '~/api/session';
import { Form, useFields } from '~/components/form';
import { Notice } from '~/components/notice';

const NONE = { old: '', new: '' };

export function PasswordForm() {
  const { t } = useTranslation();
  const enter = useEnter();
  const { fields, field, setFields } = useFields(NONE);
  const change = useMutation({
    mutationFn: () => done(client.PUT('/api/v1/me/password', { body: fields })),
    onSuccess: (session) => {
      setFields(NONE);
      enter(session);
    },
  });
  return (
    <Form change={change} label={t('me.changePassword')}>
      {change.isSuccess && (
        <Notice tone="good" role="status">
          {t('me.passwordChanged')}
        </Notice>
      )}
      <PasswordInput label={t('me.oldPassword')} {...field('old')} required autoComplete="current-password" />
      <PasswordInput label={t('people.newPassword')} description={t('people.passwordHint')} {...field('new')} required autoComplete="new-password" />
    </Form>
  );
}

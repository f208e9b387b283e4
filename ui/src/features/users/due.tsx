/** What must be done before anything else: a password of one's own, an authenticator app. */
import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { Session } from '~/api/session';
import { Doorway } from '~/components/card';
import { PasswordForm } from './password';
import { TotpSetup } from './totp';

export function DueNow({ due }: { due: NonNullable<Session['due']> }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  return (
    <Doorway title={t(`due.${due}`)} text={t(`due.${due}Text`)}>
      {due === 'password' ? <PasswordForm /> : <TotpSetup done={() => void queries.invalidateQueries()} />}
    </Doorway>
  );
}

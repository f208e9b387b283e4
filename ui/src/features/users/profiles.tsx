/** The profiles that a user works with alone: a profile is one user's at most, and stays with whoever made it. */
import { Checkbox, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { client, done } from '~/api/client';
import { ProblemBox } from '~/components/problem';
import type { User } from './list';

interface Props {
  user?: User;
  /** Empty: one's own. */
  account: string;
  /** Absent: all of the account. */
  chosen?: string[];
  onChange: (profiles?: string[]) => void;
}

export function ProfileChoice({ user, account, chosen, onChange }: Props) {
  const { t } = useTranslation();
  const profiles = useQuery({
    queryKey: ['user-profiles', account],
    queryFn: () => done(client.GET('/api/v1/users/profiles', { params: { query: { account_id: account ? Number(account) : undefined } } })),
    enabled: chosen !== undefined,
  });
  const toggle = (name: string) => { onChange(chosen?.includes(name) ? chosen.filter((other) => other !== name) : [...(chosen ?? []), name]); };
  return (
    <Stack gap={6} component="fieldset" className="permissions">
      <Text component="legend" size="sm" fw={600}>
        {t('people.profiles')}
      </Text>
      <Checkbox
        label={t('people.allProfiles')}
        description={t('people.profilesHint')}
        checked={chosen === undefined}
        onChange={(event) => { onChange(event.currentTarget.checked ? undefined : []); }}
      />
      {profiles.error && <ProblemBox error={profiles.error} />}
      {chosen && (
        <Stack gap={6} ps="xl">
          {profiles.data?.map(({ profile, user_id, login, made }) => {
            const isOthers = user_id != null && user_id !== user?.id;
            const why = isOthers ? t(made ? 'people.madeBy' : 'people.profileOf', { login }) : made ? t('people.madeByThem') : undefined;
            return (
              <Checkbox
                key={profile}
                label={profile}
                description={why}
                checked={!isOthers && (made || chosen.includes(profile))}
                disabled={isOthers || made}
                onChange={() => { toggle(profile); }}
              />
            );
          })}
          {profiles.data?.length === 0 && <Text size="sm">{t('people.noProfiles')}</Text>}
        </Stack>
      )}
    </Stack>
  );
}

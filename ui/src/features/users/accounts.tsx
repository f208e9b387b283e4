/** Whose users are looked at, where there are accounts below one's own. */
import { NativeSelect } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { client, done } from '~/api/client';
import { useMay, useSession } from '~/api/session';

/** The accounts below; nothing on a box of one company. */
export function useOthers() {
  const may = useMay();
  const { data: session } = useSession();
  const own = (session?.acting_in ?? session?.account)?.id;
  const accounts = useQuery({
    queryKey: ['accounts', 'below'],
    queryFn: () => done(client.GET('/api/v1/accounts', { params: { query: { limit: 500 } } })),
    enabled: may('account.read'),
  });
  const below = accounts.data?.items.filter((account) => account.id !== own) ?? [];
  return below.length > 0 ? below : undefined;
}

export function WhoseSelect({ value, onChange }: { value: string; onChange: (id: string) => void }) {
  const { t } = useTranslation();
  const { data: session } = useSession();
  const own = (session?.acting_in ?? session?.account)?.name ?? '';
  return (
    <NativeSelect
      label={t('people.account')}
      value={value}
      onChange={(event) => { onChange(event.currentTarget.value); }}
      data={[{ value: '', label: own }, ...(useOthers() ?? []).map((account) => ({ value: String(account.id), label: account.name }))]}
    />
  );
}

/** What somebody may do: the grid of the permission table, for roles, users and API keys. */
import { Checkbox, Stack, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { client, done, type Schema } from '~/api/client';
import { useSession, type Permission } from '~/api/session';
import { Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';

type Row = Schema<'PermissionRow'>;

export function usePermissions() {
  return useQuery({ queryKey: ['permissions'], queryFn: () => done(client.GET('/api/v1/permissions')), staleTime: Infinity });
}

/** With what they bring along. */
export function closed(chosen: Iterable<Permission>, table: Row[]): Set<Permission> {
  const all = new Set<Permission>();
  const add = (name: Permission) => {
    if (all.has(name)) return;
    all.add(name);
    table.find((row) => row.name === name)?.implies.forEach(add);
  };
  for (const name of chosen) add(name);
  return all;
}

interface Props {
  chosen: Set<Permission>;
  onChange?: (chosen: Set<Permission>) => void;
  /** Come along anyhow: with a user's role. */
  given?: Permission[];
  /** For who sees some sites or profiles only. */
  limited?: boolean;
}

export function PermissionGrid({ chosen, onChange, given = [], limited = false }: Props) {
  const { t, i18n } = useTranslation();
  const { data: session } = useSession();
  const table = usePermissions();
  if (table.error) return <ProblemBox error={table.error} retry={() => void table.refetch()} />;
  if (!table.data) return <Waiting />;
  const rows = table.data;
  // The box says it in English, once for page, guards and documents; other languages say it after.
  const translated = i18n.getResource(i18n.language, 'words', 'permissions') as Record<string, string> | undefined;
  const all = closed([...chosen, ...given], rows);
  // Nobody gives what they do not have.
  const givable = rows.filter((row) => session?.permissions.includes(row.name)).map((row) => row.name);
  const hasAll = givable.every((name) => all.has(name));
  const toggleAll = () => onChange?.(new Set([...chosen].filter((name) => !givable.includes(name)).concat(hasAll ? [] : givable)));
  const toggle = (name: Permission) => {
    const next = new Set(chosen);
    if (!next.delete(name)) next.add(name);
    onChange?.(next);
  };
  return (
    <Stack gap="sm">
      {onChange && <Checkbox label={t('roles.selectAll')} checked={hasAll} indeterminate={!hasAll && all.size > 0} onChange={toggleAll} />}
      <div className="grid">
        {[...new Set(rows.map((row) => row.group))].map((group) => (
          <Stack key={group} gap={6} component="fieldset" className="permissions">
            <Title order={2} size="h6" component="legend">
              {t(`roles.groups.${group as 'devices'}`, { defaultValue: group })}
            </Title>
            {rows
              .filter((row) => row.group === group)
              .map((row) => (
                <Checkbox
                  key={row.name}
                  label={translated?.[row.name] ?? row.words}
                  description={limited && row.whole_only ? `${row.name}: ${t('roles.wholeOnly')}` : row.name}
                  checked={all.has(row.name)}
                  disabled={!onChange || !givable.includes(row.name) || (all.has(row.name) && !chosen.has(row.name))}
                  onChange={() => { toggle(row.name); }}
                />
              ))}
          </Stack>
        ))}
      </div>
    </Stack>
  );
}

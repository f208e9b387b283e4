/** A point in time: short on the page, exact when pointed at. */
import { useTranslation } from 'react-i18next';
import { absolute, relative } from '~/lib/format';

export function Time({ at }: { at: number | null | undefined }) {
  const { t } = useTranslation();
  if (!at) return <>{t('app.never')}</>;
  return (
    <time dateTime={new Date(at).toISOString()} title={absolute(at)}>
      {relative(at)}
    </time>
  );
}

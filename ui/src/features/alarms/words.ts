/** What the kinds of alarms are called. */
import { useTranslation } from 'react-i18next';

export function useKind() {
  const { t } = useTranslation();
  return (kind: string) => t(`alarms.kinds.${kind as 'storage'}`, { defaultValue: kind });
}

/** The help of the screen that is open: the frame says which section, the page's heading links to it. */
import { Anchor } from '@mantine/core';
import { createContext, useContext } from 'react';
import { useTranslation } from 'react-i18next';
import type { HelpSection } from '~/lib/help';

export const HelpOf = createContext<HelpSection | null>(null);

/** AVA-054: opens the matching section in a new tab. */
export function HelpLink() {
  const { t } = useTranslation();
  const section = useContext(HelpOf);
  if (!section) return null;
  return (
    <Anchor href={`/help/${section}`} target="_blank" rel="noopener" size="sm" className="help-link">
      {t('app.help')}
    </Anchor>
  );
}

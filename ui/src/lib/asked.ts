/** What a list is asked for stands in the page's address, so that it can be kept and sent to somebody. */
import { useCallback, useEffect, useRef } from 'react';
import { useSearchParams } from 'react-router';

/** The address's words, one that changes some of them (without a value, one goes) and one that says all anew. */
export function useAsked() {
  const [params, setParams] = useSearchParams();
  // The router hands out what it drew last: of two fields that change in one moment it would forget the first.
  const latest = useRef(params);
  useEffect(() => { latest.current = params; }, [params]);
  const anew = useCallback(
    (words: Record<string, string>) => {
      latest.current = new URLSearchParams(words);
      setParams(latest.current, { replace: true });
    },
    [setParams],
  );
  const ask = useCallback(
    (changes: Record<string, string | undefined>) => {
      const all = { ...Object.fromEntries(latest.current), ...changes };
      anew(Object.fromEntries(Object.entries(all).filter((word): word is [string, string] => Boolean(word[1]))));
    },
    [anew],
  );
  return { params, ask, anew };
}

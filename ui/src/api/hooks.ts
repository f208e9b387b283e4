/** What every feature does with the API: change something and have the lists know. */
import { useMutation, useQueryClient } from '@tanstack/react-query';

/** A change; whatever may show it is read again. */
export function useChange<Output, Input = void>(change: (input: Input) => Promise<Output>, touches: string[], then?: (output: Output) => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: async (output) => {
      then?.(output);
      await Promise.all(touches.map((key) => queries.invalidateQueries({ queryKey: [key] })));
    },
  });
}

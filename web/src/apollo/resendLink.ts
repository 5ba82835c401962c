/**
 * Lets the sender of a mutation choose its variables when its turn comes, and send it again after an answer.
 *
 * This link follows the one that queues mutations, so no later mutation is sent between two attempts.
 */
import { ApolloLink } from '@apollo/client';
import { defer, finalize, of, switchMap } from 'rxjs';

/** How often a mutation is sent at most. */
export const MAX_ATTEMPTS = 5;

/** Passed to a mutation as `context.attempts`. */
export interface MutationAttempts {
  /** Return the variables of the next attempt. */
  variables: () => ApolloLink.Operation['variables'];
  /** Return the result of the mutation, or undefined to send it again. `isLast` means that it is not sent again. */
  answer: (result: ApolloLink.Result, isLast: boolean) => ApolloLink.Result | undefined;
  /** Called once after the last attempt, also when it failed. */
  end: () => void;
}

export const resendLink = new ApolloLink((operation, forward) => {
  const { attempts } = operation.getContext() as { attempts?: MutationAttempts };
  if (!attempts) return forward(operation);
  const send = (attempt: number): ReturnType<typeof forward> =>
    defer(() => {
      operation.variables = attempts.variables();
      return forward(operation);
    }).pipe(
      switchMap((answer) => {
        const result = attempts.answer(answer, attempt === MAX_ATTEMPTS);
        return result ? of(result) : send(attempt + 1);
      }),
    );
  return send(1).pipe(finalize(() => attempts.end()));
});

/** Thrown by a stage's work that was put down between two tries, to be gone on with in the next execution. */
export class Parked extends Error {
  override readonly name = 'Parked';
}

import fc from 'fast-check';
import {
  EMPTY_PURSE,
  gaveBack,
  giveBack,
  lose,
  putDown,
  settled,
  take,
  toSettle,
  toTake,
  type PurseState,
  type Taken,
} from '../../../workflows/models/purse';

const slice = (id: string, grantedNano: number, spentNano = 0) => ({ id, grantedNano, spentNano });

it('a call takes the fullest slice along, and nobody else takes it meanwhile', () => {
  const purse = { ...EMPTY_PURSE, free: [slice('s1', 100, 90), slice('s2', 100, 10)] };
  const first = toTake(purse, 's3');
  expect(first).toEqual({ nextSlice: 's3', slice: slice('s2', 100, 10) });
  const second = toTake(take(purse, first), 's4');
  expect(second.slice?.id).toBe('s1');
  expect(toTake(take(take(purse, first), second), 's5')).toEqual({ nextSlice: 's5' });
});

it('a slice that had too little stays beside the one that was drawn', () => {
  const taken: Taken = { slice: slice('s1', 100, 90), nextSlice: 's2' };
  const back = giveBack(EMPTY_PURSE, taken, slice('s2', 100, 30));
  expect(back.free).toEqual([slice('s1', 100, 90), slice('s2', 100, 30)]);
  expect(giveBack(EMPTY_PURSE, taken, slice('s1', 100, 95)).free).toEqual([slice('s1', 100, 95)]);
});

it('what a lost call took along counts as spent, and what it may have drawn is for the ledger to find out', () => {
  const taken: Taken = { slice: slice('s1', 100, 10), nextSlice: 's2' };
  expect(toSettle(lose(EMPTY_PURSE, taken))).toEqual({ slices: [slice('s1', 100, 100)], unheard: ['s2'] });
});

it("what is given back is nobody's to take, is settled again where the ledger did not hear of it, and leaves an account to close", () => {
  const down = putDown({ ...EMPTY_PURSE, free: [slice('s1', 100, 90)] });
  expect(toTake(down, 's2')).toEqual({ nextSlice: 's2' });
  expect(toSettle(down)).toEqual({ slices: [slice('s1', 100, 90)], unheard: [] });
  const heard = gaveBack(down, [slice('s1', 100, 90)]);
  expect(toSettle(heard)).toEqual({ slices: [], unheard: [] });
  expect(toSettle(settled(heard))).toBeUndefined();
});

it('a run that drew nothing and whose agents cost nothing settles nothing', () => {
  const taken = toTake(EMPTY_PURSE, 's1');
  expect(toSettle(giveBack(take(EMPTY_PURSE, taken), taken, undefined))).toBeUndefined();
  expect(toSettle({ ...EMPTY_PURSE, modelsNano: 5 })).toBeUndefined();
  expect(toSettle({ ...EMPTY_PURSE, agentsNano: 5 })).toEqual({ slices: [], unheard: [] });
});

it('what is settled once is not settled again, and the limit of the run remembers it', () => {
  const purse = { ...EMPTY_PURSE, taken: 2, free: [slice('s1', 100, 40)], modelsNano: 40, agentsNano: 7 };
  expect(settled(purse)).toEqual({ ...EMPTY_PURSE, taken: 2, modelsNano: 40 });
});

it('whatever calls do, every slice that was heard of is settled once, and no two calls have the same one', () => {
  type Deed = 'take' | 'keep' | 'draw' | 'lose';
  const deeds = fc.array(fc.constantFrom<Deed>('take', 'take', 'keep', 'draw', 'lose'), { maxLength: 60 });
  const property = fc.property(deeds, (given) => {
    let purse: PurseState = EMPTY_PURSE;
    const out: Taken[] = [];
    const heard = new Set<string>();
    for (const deed of given) {
      const taken = out[0];
      if (deed === 'take') {
        const next = toTake(purse, `s${purse.taken + 1}`);
        expect(out.some((one) => one.slice !== undefined && one.slice.id === next.slice?.id)).toBe(false);
        purse = take(purse, next);
        out.push(next);
      } else if (taken !== undefined) {
        out.shift();
        if (deed === 'lose') purse = lose(purse, taken);
        else if (deed === 'keep') purse = giveBack(purse, taken, taken.slice);
        else {
          heard.add(taken.nextSlice);
          purse = giveBack(purse, taken, slice(taken.nextSlice, 100));
        }
      }
    }
    for (const taken of out) purse = giveBack(purse, taken, taken.slice);
    const ids = (toSettle(purse)?.slices ?? []).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect([...heard].every((id) => ids.includes(id))).toBe(true);
  });
  fc.assert(property);
});

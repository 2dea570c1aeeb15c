using System.Numerics;

namespace Folio.Grammars;

/// <summary>What a schema asks of a number.</summary>
internal sealed class NumberRange
{
    private const int LargestStep = 20_000;  // a remainder is a state
    private const int MostComparisons = 40;  // packed, base 3, into 64 bits

    private readonly List<(DecimalNumber Value, bool Below, bool Equal, bool Above)> _comparisons = [];
    private readonly List<DecimalNumber> _steps = [];

    public bool Unlimited => _comparisons.Count == 0 && _steps.Count == 0;

    public void AtLeast(DecimalNumber value, bool exclusive) => _comparisons.Add((value, false, !exclusive, true));

    public void AtMost(DecimalNumber value, bool exclusive) => _comparisons.Add((value, true, !exclusive, false));

    public void Not(DecimalNumber value) => _comparisons.Add((value, true, false, true));

    public void MultipleOf(DecimalNumber step) => _steps.Add(step);

    public bool Contains(DecimalNumber value)
    {
        foreach ((DecimalNumber bound, bool below, bool equal, bool above) in _comparisons)
        {
            int order = value.CompareTo(bound);
            if (order < 0 ? !below : order == 0 ? !equal : !above) return false;
        }

        return _steps.TrueForAll(value.IsMultipleOf);
    }

    /// <summary>Writes the numbers of the range between two nodes: digits, and for fractions a point and digits; no exponents, no −0.</summary>
    public void Write(NodeTable table, int from, int to, bool integer)
    {
        if (_comparisons.Count > MostComparisons) throw new GrammarException($"a number has more than {MostComparisons} bounds and exceptions, which isn't supported.");
        (int step, int scale) = Step();
        var positive = new Magnitudes(table, to, integer, step, scale, [.. _comparisons]);
        positive.Write(from);
        int minus = table.AddNode();
        table.Bytes(from, '-', minus);
        var negative = new Magnitudes(table, to, integer, step, scale, [.. _comparisons.Select(each => (-each.Value, each.Above, each.Equal, each.Below)), (default, false, false, true)]);
        negative.Write(minus);
    }

    /// <returns>All steps in one: a / 10^scale; a = 0: none.</returns>
    private (int Step, int Scale) Step()
    {
        if (_steps.Count == 0) return (0, 0);
        int scale = _steps.Max(step => step.Scale);
        BigInteger common = BigInteger.One;
        foreach (DecimalNumber step in _steps)
        {
            BigInteger next = step.Mantissa * BigInteger.Pow(10, scale - step.Scale);
            common = common / BigInteger.GreatestCommonDivisor(common, next) * next;
        }

        if (common > LargestStep || scale > 100) throw new GrammarException($"multipleOf {string.Join(" and ", _steps)} isn't supported: at most {LargestStep} units of its last digit are.");
        return ((int)common, scale);
    }

    /// <summary>Numbers without sign, read digit by digit: each bound is compared with as they come.</summary>
    private sealed class Magnitudes(NodeTable table, int to, bool integer, int step, int scale, (DecimalNumber Value, bool Below, bool Equal, bool Above)[] comparisons)
    {
        private readonly string[] _whole = [.. comparisons.Select(each => each.Value.Whole)];
        private readonly string[] _fraction = [.. comparisons.Select(each => each.Value.Fraction)];
        private readonly int _longestWhole = comparisons.Select(each => each.Value.Whole.Length).DefaultIfEmpty(0).Max();
        private readonly int _longestFraction = Math.Max(comparisons.Select(each => each.Value.Fraction.Length).DefaultIfEmpty(0).Max(), scale);
        private readonly Dictionary<State, int> _nodes = [];
        private readonly Queue<State> _work = new();

        private enum Phase
        {
            First,
            Zero,
            Whole,
            Point,
            Fraction,
        }

        /// <param name="Digits">Digits of the phase so far, up to one more than matters.</param>
        /// <param name="Orders">Base 3: below, equal so far, above, of each bound's magnitude.</param>
        private readonly record struct State(Phase Phase, int Digits, int Remainder, ulong Orders);

        public void Write(int from)
        {
            ulong equal = 0;
            for (int i = 0; i < comparisons.Length; i++) equal = (equal * 3) + 1;
            _nodes[new(Phase.First, 0, 0, equal)] = from;
            _work.Enqueue(new(Phase.First, 0, 0, equal));
            while (_work.TryDequeue(out State state))
            {
                table.Budget.Spend(comparisons.Length + 1);
                int node = _nodes[state];
                if (state.Phase is not (Phase.First or Phase.Point) && IsWanted(state)) table.Join(node, to);
                if (!integer && state.Phase is Phase.Zero or Phase.Whole) table.Bytes(node, '.', NodeOf(new(Phase.Point, 0, state.Remainder, EndOfWhole(state))));
                if (state.Phase == Phase.Zero) continue;
                for (int digit = 0; digit < 10; digit++)
                {
                    if (Next(state, digit) is { } next) table.Bytes(node, (char)('0' + digit), NodeOf(next));
                }
            }
        }

        private int NodeOf(State state)
        {
            if (_nodes.TryGetValue(state, out int node)) return node;
            _nodes[state] = node = table.AddNode();
            _work.Enqueue(state);
            return node;
        }

        private State? Next(State state, int digit)
        {
            bool whole = state.Phase is Phase.First or Phase.Whole;
            if (!whole && step > 0 && state.Digits >= scale && digit != 0) return null;
            bool counts = whole || state.Digits < scale;
            int remainder = step > 0 && counts ? ((state.Remainder * 10) + digit) % step : state.Remainder;
            ulong orders = Compare(state.Orders, i =>
            {
                string digits = whole ? _whole[i] : _fraction[i];
                return digit.CompareTo(state.Digits < digits.Length ? digits[state.Digits] - '0' : whole ? digit : 0);
            });
            Phase phase = !whole ? Phase.Fraction : state.Phase == Phase.First && digit == 0 ? Phase.Zero : Phase.Whole;
            return new(phase, Math.Min(state.Digits + 1, (whole ? _longestWhole : _longestFraction) + 1), remainder, orders);
        }

        /// <summary>The more digits before the point, the larger; only of equally many do the digits decide.</summary>
        private ulong EndOfWhole(State state)
        {
            int digits = state.Digits;
            ulong orders = 0;
            ulong[] parts = Parts(state.Orders);
            for (int i = 0; i < parts.Length; i++)
            {
                int length = digits.CompareTo(_whole[i].Length);
                orders = (orders * 3) + (length == 0 ? parts[i] : (ulong)(length + 1));
            }

            return orders;
        }

        private bool IsWanted(State state)
        {
            bool fraction = state.Phase == Phase.Fraction;
            ulong[] parts = Parts(fraction ? state.Orders : EndOfWhole(state));
            int read = fraction ? state.Digits : 0;
            for (int i = 0; i < parts.Length; i++)
            {
                int order = (int)parts[i] - 1;
                if (order == 0 && read < _fraction[i].Length) order = -1; // a fraction's last digit is not 0
                if (comparisons[i].Value.Mantissa.Sign < 0) order = 1;    // any magnitude is above a negative bound
                if (order < 0 ? !comparisons[i].Below : order == 0 ? !comparisons[i].Equal : !comparisons[i].Above) return false;
            }

            if (step == 0) return true;
            BigInteger rest = state.Remainder * BigInteger.Pow(10, scale - Math.Min(read, scale));
            return (rest % step).IsZero;
        }

        private ulong Compare(ulong orders, Func<int, int> order)
        {
            ulong result = 0;
            ulong[] parts = Parts(orders);
            for (int i = 0; i < parts.Length; i++) result = (result * 3) + (parts[i] == 1 ? (ulong)(order(i) + 1) : parts[i]);
            return result;
        }

        private ulong[] Parts(ulong orders)
        {
            var parts = new ulong[comparisons.Length];
            for (int i = parts.Length - 1; i >= 0; i--)
            {
                parts[i] = orders % 3;
                orders /= 3;
            }

            return parts;
        }
    }
}

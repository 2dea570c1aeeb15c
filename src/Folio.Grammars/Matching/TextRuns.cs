namespace Folio.Grammars;

/// <summary>How many text characters, whichever, a state surely takes: inside a JSON string the whole vocabulary's text is decided at once.</summary>
internal static class TextRuns
{
    /// <returns>Characters that are allowed whatever they are, up to <paramref name="most"/>, with none allowed behind; −1: it depends on the characters.</returns>
    public static int Length(LazyAutomaton automaton, LazyState state, int most)
    {
        for (int length = 0; length < most; length++)
        {
            switch (Step(automaton, state))
            {
                case TextStep.Same when state.AfterText == state: return most;
                case TextStep.Same: state = state.AfterText!; break;
                case TextStep.None: return length;
                default: return -1;
            }
        }

        return most;
    }

    /// <summary>Whether any text leads back to the state itself.</summary>
    public static bool Loops(LazyAutomaton automaton, LazyState state) => Step(automaton, state) == TextStep.Same && state.AfterText == state;

    private static TextStep Step(LazyAutomaton automaton, LazyState state)
    {
        if (state.Text != TextStep.Unknown) return state.Text;
        LazyState?[] row = automaton.Row(state);
        LazyState? after = row[automaton.ClassOf[' ']];
        if (!AllLead(automaton, state, after)) return state.Text = TextStep.Mixed;
        state.AfterText = after;
        return state.Text = after is null ? TextStep.None : TextStep.Same;
    }

    private static bool AllLead(LazyAutomaton automaton, LazyState state, LazyState? after)
    {
        LazyState?[] row = automaton.Row(state);
        for (int value = 0x20; value < 0x80; value++)
        {
            if (value is not ('"' or '\\') && row[automaton.ClassOf[value]] != after) return false;
        }

        if (after is null) return Range(automaton, state, 0xC2, 0xF4, tail: 0, null);
        return Range(automaton, state, 0xC2, 0xDF, 1, after) && Lead(automaton, state, 0xE0, 0xA0, 0xBF, 1, after) && Range(automaton, state, 0xE1, 0xEC, 2, after)
            && Lead(automaton, state, 0xED, 0x80, 0x9F, 1, after) && Range(automaton, state, 0xEE, 0xEF, 2, after) && Lead(automaton, state, 0xF0, 0x90, 0xBF, 2, after)
            && Range(automaton, state, 0xF1, 0xF3, 3, after) && Lead(automaton, state, 0xF4, 0x80, 0x8F, 2, after);
    }

    /// <summary>Whether a lead byte, a second one of the range and so many more lead there.</summary>
    private static bool Lead(LazyAutomaton automaton, LazyState state, byte lead, byte low, byte high, int tail, LazyState after) =>
        automaton.Step(state, lead) is { } next && Range(automaton, next, low, high, tail, after);

    /// <summary>Whether each byte of the range, and so many bytes 80–BF behind it, lead there.</summary>
    private static bool Range(LazyAutomaton automaton, LazyState state, byte low, byte high, int tail, LazyState? after)
    {
        LazyState?[] row = automaton.Row(state);
        LazyState? checkedLast = null;
        for (int value = low; value <= high; value++)
        {
            LazyState? next = row[automaton.ClassOf[value]];
            if (tail == 0)
            {
                if (next != after) return false;
            }
            else if (next is null || (next != checkedLast && !Range(automaton, next, 0x80, 0xBF, tail - 1, after)))
            {
                return false;
            }

            checkedLast = next;
        }

        return true;
    }
}

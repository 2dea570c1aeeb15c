using System.Runtime.InteropServices;

namespace Folio.Tokenization.Bpe;

/// <summary>
/// Proper tables of merges: every symbol is used only by pairs of higher rank than those that make it. For them a sequence of tokens is the encoding of its text if and only if
/// each two neighbours are the encoding of theirs, which lets <see cref="Merger"/> take long texts window by window.
/// </summary>
/// <remarks>
/// M. Berglund, B. van der Merwe, "Formalizing BPE Tokenization" (2023).
/// Published tables often hold, for each token, every way to cut it in two, also ways whose parts are made later than the token itself. Those late pairs can never join where
/// the token is made by earlier pairs alone: by the time that the late part exists, those would have made the token. They are left out, after checking just that for each.
/// </remarks>
internal static class ProperMerges
{
    private const int Never = int.MaxValue;

    /// <returns>The table, or an equivalent one without late pairs, or null where neither is proper.</returns>
    public static MergeTable? Find(MergeTable table)
    {
        List<MergeRule> rules = [.. table.Rules()];
        int[] firstMade = FirstMade(table.Symbols, rules);
        List<MergeRule> late = rules.FindAll(rule => IsUsedBefore(rule, firstMade));
        if (late.Count == 0) return IsProper(table.Symbols, rules) ? table : null;

        rules.RemoveAll(rule => IsUsedBefore(rule, firstMade));
        if (!IsProper(table.Symbols, rules)) return null;
        var proper = new MergeTable(table.Symbols, rules.Count);
        foreach (MergeRule rule in rules) proper.Add(rule.Left, rule.Right, rule.Rank, rule.Result);
        return AreDead(late, rules, proper) ? proper : null;
    }

    private static bool IsUsedBefore(MergeRule rule, int[] firstMade) => rule.Rank <= MadeAt(rule.Left, firstMade) || rule.Rank <= MadeAt(rule.Right, firstMade);

    // A symbol that nothing makes is there from the start.
    private static int MadeAt(int symbol, int[] firstMade) => firstMade[symbol] == Never ? -1 : firstMade[symbol];

    private static bool IsProper(int symbols, List<MergeRule> rules)
    {
        int[] lastMade = new int[symbols];
        Array.Fill(lastMade, -1);
        foreach (MergeRule rule in rules) lastMade[rule.Result] = Math.Max(lastMade[rule.Result], rule.Rank);
        return rules.TrueForAll(rule => rule.Rank > lastMade[rule.Left] && rule.Rank > lastMade[rule.Right]);
    }

    private static int[] FirstMade(int symbols, List<MergeRule> rules)
    {
        int[] first = new int[symbols];
        Array.Fill(first, Never);
        foreach (MergeRule rule in rules) first[rule.Result] = Math.Min(first[rule.Result], rule.Rank);
        return first;
    }

    /// <summary>True where the other pairs make each late pair's token out of its characters, and are done with it before the late part can be there.</summary>
    private static bool AreDead(List<MergeRule> late, List<MergeRule> rules, MergeTable proper)
    {
        int[] firstMade = FirstMade(proper.Symbols, rules);
        var cut = new Dictionary<int, MergeRule>();     // one way to cut each token
        foreach (MergeRule rule in rules) cut.TryAdd(rule.Result, rule);

        var doneAt = new Dictionary<int, int>();        // token → the rank at which it is made out of its characters
        List<int> symbols = [];
        foreach (MergeRule rule in late)
        {
            if (!doneAt.TryGetValue(rule.Result, out int rank))
            {
                symbols.Clear();
                if (!cut.ContainsKey(rule.Result) || !TrySpell(rule.Result, cut, symbols)) return false;
                Span<int> merged = CollectionsMarshal.AsSpan(symbols);
                if (WindowMerger.Merge(proper, merged, [], out rank) != 1 || merged[0] != rule.Result) return false;
                doneAt[rule.Result] = rank;
            }

            if (firstMade[rule.Left] is not Never and var left && left > rank) continue;
            if (firstMade[rule.Right] is not Never and var right && right > rank) continue;
            return false;
        }

        return true;
    }

    /// <summary>The symbols of a token that nothing makes; their ranks fall with every cut, so this ends.</summary>
    private static bool TrySpell(int token, Dictionary<int, MergeRule> cut, List<int> symbols)
    {
        if (symbols.Count == WindowMerger.Size) return false;
        if (cut.TryGetValue(token, out MergeRule rule)) return TrySpell(rule.Left, cut, symbols) && TrySpell(rule.Right, cut, symbols);
        symbols.Add(token);
        return true;
    }
}

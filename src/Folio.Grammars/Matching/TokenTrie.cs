namespace Folio.Grammars;

/// <summary>Tokens by their bytes, as a tree laid out in preorder: a subtree is a stretch of the arrays, so one that isn't wanted is jumped over.</summary>
internal sealed class TokenTrie
{
    private TokenTrie(byte[] label, ushort[] depth, int[] end, int[] first, int[] tokens) => (Label, Depth, End, First, Tokens) = (label, depth, end, first, tokens);

    /// <summary>[nodes] the byte that leads to it.</summary>
    public byte[] Label { get; }

    /// <summary>[nodes] bytes before that.</summary>
    public ushort[] Depth { get; }

    /// <summary>[nodes] where its subtree ends.</summary>
    public int[] End { get; }

    /// <summary>[nodes + 1] where its tokens begin in <see cref="Tokens"/>; those of its subtree follow.</summary>
    public int[] First { get; }

    /// <summary>[tokens] ids, in the tree's order.</summary>
    public int[] Tokens { get; }

    public int DeepestDepth { get; private init; }

    /// <param name="tokens">[vocabulary] each token's bytes.</param>
    /// <param name="ids">Those that the tree has; none is empty.</param>
    public static TokenTrie Build(IReadOnlyList<byte[]?> tokens, int[] ids)
    {
        Array.Sort(ids, (a, b) => tokens[a].AsSpan().SequenceCompareTo(tokens[b]) is not 0 and int order ? order : a.CompareTo(b));
        var label = new List<byte>();
        var depth = new List<ushort>();
        var end = new List<int>();
        var first = new List<int>();
        var path = new Stack<int>();
        byte[] last = [];
        int deepest = 0;
        for (int i = 0; i < ids.Length; i++)
        {
            byte[] bytes = tokens[ids[i]]!;
            int shared = bytes.AsSpan().CommonPrefixLength(last);
            while (path.Count > shared) end[path.Pop()] = label.Count;
            for (int at = shared; at < bytes.Length; at++)
            {
                path.Push(label.Count);
                label.Add(bytes[at]);
                depth.Add((ushort)at);
                end.Add(0);
                first.Add(i);
            }

            deepest = Math.Max(deepest, bytes.Length);
            last = bytes;
        }

        while (path.TryPop(out int open)) end[open] = label.Count;
        first.Add(ids.Length);
        return new([.. label], [.. depth], [.. end], [.. first], ids) { DeepestDepth = deepest };
    }
}

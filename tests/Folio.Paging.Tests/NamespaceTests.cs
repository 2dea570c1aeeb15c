namespace Folio.Paging.Tests;

public sealed class NamespaceTests
{
    private static readonly int[] Prompt = [.. Enumerable.Range(0, 12)];
    private readonly BlockPool _pool = new(blocks: 20, blockSize: 4, prefixCaching: true);
    private readonly CopyList _copies = new(1);

    private PrefixIndex Prefixes => _pool.Prefixes!;

    [Fact]
    public void One_salt_never_hits_what_another_cached()
    {
        int one = Prefixes.Enter("one"), other = Prefixes.Enter("other");
        Cache(Prompt, one);
        Assert.Equal((3, 0), Prefixes.Peek(Prompt, one)); // the positive control
        Assert.Equal((0, 0), Prefixes.Peek(Prompt, other));
        Assert.Equal((0, 0), Prefixes.Peek(Prompt, PrefixIndex.Shared));
        Assert.Equal(0, new BlockTable(_pool).Match(Prompt, other));
    }

    [Fact]
    public void A_shared_prefix_is_hit_from_everywhere_and_goes_on_in_private()
    {
        int one = Prefixes.Enter("one"), other = Prefixes.Enter("other");
        Cache(Prompt[..8], PrefixIndex.Shared);
        Cache(Prompt, one);
        Assert.Equal((3, 0), Prefixes.Peek(Prompt, one));
        Assert.Equal((2, 0), Prefixes.Peek(Prompt, other));
        Assert.Equal((2, 0), Prefixes.Peek(Prompt, PrefixIndex.Shared));
        Assert.Equal(3, Prefixes.Count);
        _pool.Verify([]);
    }

    [Fact]
    public void A_private_prefix_is_never_left_for_the_shared_one_of_the_same_tokens()
    {
        int one = Prefixes.Enter("one");
        Cache(Prompt[..4], one);
        Cache(Prompt, PrefixIndex.Shared);
        Assert.Equal((1, 0), Prefixes.Peek(Prompt, one));
        Assert.Equal(4, Prefixes.Count);
        _pool.Verify([]);
    }

    [Fact]
    public void A_salt_is_the_same_namespace_for_as_long_as_it_has_users_or_blocks()
    {
        int first = Prefixes.Enter("one");
        Assert.True(first >= 1);
        Assert.Equal(first, Prefixes.Enter("one"));
        Prefixes.Leave(first);
        Cache(Prompt, first);
        Prefixes.Leave(first);
        Assert.NotEqual(first, Prefixes.Enter("other"));
        Assert.Equal(first, Prefixes.Enter("one"));
    }

    [Fact]
    public void A_namespace_without_users_and_blocks_serves_the_next_salt_which_finds_nothing_in_it()
    {
        int first = Prefixes.Enter("one");
        Cache(Prompt, first);
        Prefixes.Leave(first);
        var table = new BlockTable(_pool);
        table.TryAppend(_pool.Blocks * 4, _copies); // evicts

        Assert.Equal(first, Prefixes.Enter("other"));
        Assert.Equal((0, 0), Prefixes.Peek(Prompt, first));
        Assert.Throws<InvalidOperationException>(() => { for (int i = 0; i < 2; i++) Prefixes.Leave(first); });
    }

    [Fact]
    public void Namespaces_in_the_thousands_are_told_apart()
    {
        int[] ids = [.. Enumerable.Range(0, 5000).Select(i => Prefixes.Enter($"salt {i}"))];
        Assert.Equal(ids.Length, ids.Distinct().Count());
        foreach (int id in ids) Prefixes.Leave(id);
        Assert.Contains(Prefixes.Enter("another"), ids);
    }

    [Fact]
    public void A_block_can_not_be_published_under_another_tenants_prefix()
    {
        int one = Prefixes.Enter("one"), other = Prefixes.Enter("other");
        Cache(Prompt[..4], one);
        var table = new BlockTable(_pool);
        table.Match(Prompt, one);
        table.TryAppend(4, _copies);
        Assert.Throws<InvalidOperationException>(() => table.Index(Prompt, other, merge: true));
    }

    [Fact]
    public void What_is_indexed_can_be_listed_parents_first_with_salt_tokens_and_uses()
    {
        int one = Prefixes.Enter("one");
        int[] shared = Cache(Prompt[..4], PrefixIndex.Shared);
        int[] all = Cache(Prompt[..8], one);
        new BlockTable(_pool).Touch(Prompt, one);

        Assert.Collection(
            Prefixes.Blocks(),
            block => Assert.Equal((shared[0], PrefixIndex.Root, null, 2), (block.Block, block.Parent, block.Salt, block.Uses)),
            block => Assert.Equal((all[1], shared[0], "one", 1), (block.Block, block.Parent, block.Salt, block.Uses)));
        Assert.Equal(Prompt[4..8], Prefixes.Blocks().Last().Tokens.ToArray());
    }

    private int[] Cache(int[] tokens, int ns)
    {
        var table = new BlockTable(_pool);
        table.Match(tokens, ns);
        table.TryAppend(tokens.Length - table.Tokens, _copies);
        table.Index(tokens, ns, merge: true);
        int[] blocks = table.Blocks.ToArray();
        table.Free();
        return blocks;
    }
}

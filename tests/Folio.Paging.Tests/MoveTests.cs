namespace Folio.Paging.Tests;

/// <summary>Swap: tables that move to another pool and back.</summary>
public sealed class MoveTests
{
    private const int BlockSize = 4;
    private readonly BlockPool _device = new(20, BlockSize, prefixCaching: true);
    private readonly BlockPool _host = new(12, BlockSize);
    private readonly BlockMap _map = new(20);
    private readonly CopyList _copies = new(4);

    [Fact]
    public void Siblings_share_the_same_blocks_away_and_back_again()
    {
        BlockTable[] group = Siblings(3, prompt: 10, output: 5);
        int before = _device.Used;
        bool[] sharing = Sharing(group);

        BlockTable[] away = Move(group, _host);
        Assert.Equal((before, 0), (_host.Used, _device.Used));
        Assert.Equal(before, _copies.Count);
        Assert.Equal(sharing, Sharing(away));
        _host.Verify(away);
        _device.Verify(group);

        BlockTable[] back = Move(away, _device);
        Assert.Equal((0, before), (_host.Used, _device.Used));
        Assert.Equal(sharing, Sharing(back));
        Assert.All(back, table => Assert.Equal(15, table.Tokens));
        _device.Verify(back);
        _host.Verify(away);
    }

    [Fact]
    public void Each_block_is_copied_once_to_a_block_of_its_own()
    {
        BlockTable[] group = Siblings(3, prompt: 10, output: 5);
        int[] blocks = [.. group.SelectMany(table => table.Blocks.ToArray()).Distinct().Order()];

        BlockTable[] away = Move(group, _host);

        Assert.Equal(blocks, _copies.Copies.ToArray().Select(copy => copy.Source).Order());
        Assert.Equal(away.SelectMany(table => table.Blocks.ToArray()).Distinct().Order(), _copies.Copies.ToArray().Select(copy => copy.Destination).Order());
    }

    [Fact]
    public void Whether_a_group_fits_is_known_before_anything_moves()
    {
        BlockTable[] group = Siblings(4, prompt: 10, output: 13); // 2 shared blocks, 4 of each
        Assert.Equal(18, group.Sum(table => _map.CountUnique(table)));
        Assert.True(18 > _host.Free); // so the scheduler recomputes this group
        _map.Clear();
        Assert.Equal(10, group.Take(2).Sum(table => _map.CountUnique(table)));
        Assert.Equal((12, 18), (_host.Free, _device.Used));
    }

    [Fact]
    public void On_the_way_back_only_what_the_cache_has_lost_is_copied()
    {
        int ns = _device.Prefixes!.Enter("");
        int[] tokens = [.. Enumerable.Range(0, 14)];
        BlockTable[] group = Siblings(2, prompt: 14, output: 0);
        foreach (BlockTable table in group) table.Index(tokens, ns, merge: true);
        int[] before = group[0].Blocks.ToArray();
        BlockTable[] away = Move(group, _host);
        Evict(_device.Free - 2); // the third block goes first: tails before heads
        Assert.Equal(2, _device.Cached);
        BlockTable[] back = [new(_device), new(_device)];

        Assert.Equal(8, back[0].Match(tokens, ns));
        _map.Clear();
        Assert.Equal(2, _map.CountUnique(away[0], back[0].Blocks.Length) + _map.CountUnique(away[1], back[1].Blocks.Length));
        _map.Clear();
        _copies.Truncate(0);
        away[0].MoveTo(back[0], _map, _copies);
        away[1].MoveTo(back[1], _map, _copies);

        Assert.Equal(2, _copies.Count);
        Assert.Equal(before.Take(2), back[0].Blocks[..2].ToArray());
        Assert.Equal(back[0].Blocks, back[1].Blocks);
        _device.Verify(back);
        _host.Verify(away);
        foreach (BlockTable table in back) table.Index(tokens, ns, merge: true);
        Assert.Equal((3, 3), (back[0].Indexed, back[1].Indexed));
        _device.Verify(back);
    }

    [Fact]
    public void What_was_away_during_a_reset_is_not_indexed_when_it_comes_back()
    {
        int ns = _device.Prefixes!.Enter("");
        int[] tokens = [.. Enumerable.Range(0, 8)];
        BlockTable[] away = Move(Siblings(1, prompt: 8, output: 0), _host);
        _device.Prefixes.Reset();

        BlockTable[] back = Move(away, _device);
        back[0].Index(tokens, ns, merge: true);

        Assert.Equal((0, 0), (back[0].Indexed, _device.Prefixes.Count));
    }

    /// <summary>A group whose sequences forked at the end of the prompt and then said so many tokens each.</summary>
    private BlockTable[] Siblings(int count, int prompt, int output)
    {
        BlockTable[] tables = [.. Enumerable.Range(0, count).Select(_ => new BlockTable(_device))];
        tables[0].TryAppend(prompt, _copies);
        foreach (BlockTable table in tables.Skip(1)) table.ForkFrom(tables[0]);
        foreach (BlockTable table in tables) Assert.True(table.TryAppend(output, _copies));
        return tables;
    }

    private BlockTable[] Move(BlockTable[] tables, BlockPool to)
    {
        _map.Clear();
        _copies.Truncate(0);
        BlockTable[] targets = [.. tables.Select(_ => new BlockTable(to))];
        foreach ((BlockTable table, BlockTable target) in tables.Zip(targets)) table.MoveTo(target, _map, _copies);
        return targets;
    }

    private void Evict(int blocks)
    {
        var table = new BlockTable(_device);
        table.TryAppend(blocks * BlockSize, _copies);
        table.Free();
    }

    /// <summary>Which pairs of (table, index) hold the same block.</summary>
    private static bool[] Sharing(BlockTable[] tables)
    {
        int[] blocks = [.. tables.SelectMany(table => table.Blocks.ToArray())];
        return [.. from one in blocks from other in blocks select one == other];
    }
}

using Folio.Paging;

namespace Folio.Engine;

/// <summary>What a block of the KV cache is in.</summary>
public enum BlockState : byte
{
    /// <summary>Nobody holds it, and its content is of no use.</summary>
    Free,

    /// <summary>Nobody holds it; a request that begins with its tokens finds it.</summary>
    Cached,

    /// <summary>One sequence holds it.</summary>
    Owned,

    /// <summary>Several do.</summary>
    Shared,
}

/// <summary>Where a sequence stands.</summary>
public enum SequencePhase
{
    /// <summary>Not admitted yet.</summary>
    Waiting,

    /// <summary>Its prompt is being computed.</summary>
    Prefill,

    /// <summary>Its answer is.</summary>
    Decode,

    /// <summary>It gave its blocks up and will be computed again.</summary>
    Preempted,

    /// <summary>Its blocks lie in host memory or on disk.</summary>
    Swapped,

    /// <summary>A prefix that is kept for others.</summary>
    Pinned,
}

/// <param name="Request">Its number among all that came; the sequences of one request have the same.</param>
/// <param name="Index">Its number among those of its request.</param>
/// <param name="Tokens">Prompt and output.</param>
/// <param name="Computed">Tokens whose keys and values are in its blocks.</param>
/// <param name="Blocks">Its block table: token t is at offset t % block size of Blocks[t / block size].</param>
public sealed record PicturedSequence(long Request, int Index, SequencePhase Phase, int PromptTokens, int Tokens, int Computed, int[] Blocks);

/// <summary>The KV cache's blocks and who holds them, between two steps. Numbers alone: nothing of what anybody wrote.</summary>
/// <param name="BlockSize">Tokens of a block.</param>
/// <param name="Blocks">[blocks]</param>
public sealed record EnginePicture(int BlockSize, BlockState[] Blocks, IReadOnlyList<PicturedSequence> Sequences)
{
    internal static EnginePicture Of(BlockPool pool, IEnumerable<SequenceGroup> groups)
    {
        var blocks = new BlockState[pool.Blocks];
        for (int block = 0; block < blocks.Length; block++)
        {
            blocks[block] = pool.References(block) switch
            {
                0 => pool.Prefixes is { } prefixes && prefixes.Contains(block) ? BlockState.Cached : BlockState.Free,
                1 => BlockState.Owned,
                _ => BlockState.Shared,
            };
        }

        return new(pool.BlockSize, blocks, [.. groups.SelectMany(group => group.Sequences).Where(sequence => !sequence.Finished).Select(Of)]);
    }

    private static PicturedSequence Of(Sequence sequence)
    {
        SequenceGroup group = sequence.Group;
        SequencePhase phase = group.State switch
        {
            GroupState.Running => sequence.Computed < group.PromptLength ? SequencePhase.Prefill : SequencePhase.Decode,
            GroupState.Preempted => group.Tier is null ? SequencePhase.Preempted : SequencePhase.Swapped,
            GroupState.Pinned => SequencePhase.Pinned,
            _ => SequencePhase.Waiting,
        };
        return new(group.Arrival, sequence.Index, phase, group.PromptLength, sequence.Length, sequence.Computed, sequence.Table.Blocks.ToArray());
    }
}

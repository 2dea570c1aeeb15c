using Folio.Paging;

namespace Folio.Engine;

/// <summary>Brings prefixes back from disk when somebody asks for one.</summary>
/// <remarks>Blocks are written at once, before the step's own copies: only for who is admitted, in a step that has preempted nobody.</remarks>
internal sealed class PrefixLoader(PrefixStore store, IModelRunner runner, int blockSize)
{
    /// <summary>The cache was reset: nothing that is stored is found any more.</summary>
    public void Forget() => store.Forget();

    /// <summary>Goes on with the stored blocks that follow those that the sequence has.</summary>
    /// <param name="sequence">One whose blocks are all in the prefix index.</param>
    /// <param name="most">Its tokens that may come from a cache.</param>
    /// <param name="copies">The plan's, which gain nothing: whole blocks are appended to whole blocks.</param>
    /// <returns>Tokens gained.</returns>
    public int Load(Sequence sequence, int most, CopyList copies)
    {
        BlockTable table = sequence.Table;
        SequenceGroup group = sequence.Group;
        int before = table.Tokens, record = PrefixStore.Root;
        if (store.Count == 0 || before % blockSize != 0 || table.Indexed != table.Blocks.Length) return 0;
        Digest salt = group.Salt is { } own ? Digest.Of(own) : default;
        for (int position = 0; position + blockSize <= most; position += blockSize)
        {
            record = store.Find(record, sequence.Tokens(position, blockSize), salt);
            if (record == PrefixStore.None) break;
            if (position < before) continue;
            if (!table.TryAppend(blockSize, copies)) break;
            if (!store.TryLoad(record, runner, table.Blocks[^1]))
            {
                table.Retract(position, copies, copies.Count);
                break;
            }

            table.Index(sequence.Tokens(0, table.Tokens), group.Namespace, merge: false);
        }

        return table.Tokens - before;
    }
}

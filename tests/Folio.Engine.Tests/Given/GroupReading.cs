namespace Folio.Engine.Tests;

/// <summary>What tests read of a group.</summary>
internal static class GroupReading
{
    extension(SequenceGroup group)
    {
        /// <summary>Tokens that the sequence has gained.</summary>
        public int OutputLength(int sequence) => group.Sequences[sequence].OutputLength;

        /// <summary>Blocks that its sequences hold, shared ones once.</summary>
        public int UniqueBlocks() => group.Sequences.SelectMany(sequence => sequence.Table.Blocks.ToArray()).Distinct().Count();

        /// <summary>What the request failed with; null: it did not. Its outputs are dropped.</summary>
        public Exception? Failure()
        {
            while (group.Outlet.Events.TryRead(out _)) { }
            return group.Outlet.Events.Completion.Exception?.InnerException;
        }
    }
}

using System.Security.Cryptography;
using System.Text;
using Folio.Chat;

namespace Folio.Server;

/// <summary>Parts an answer into blocks: thoughts, texts and calls in the order in which the model writes them. There is one block at least.</summary>
/// <remarks>
/// Thoughts are signed with their digest, for clients that send none back without a signature. It proves nothing, and whatever signature comes back is taken: conversations may go on that began at another server.
/// </remarks>
/// <param name="omitsThinking">Of thoughts only the signature is told.</param>
internal sealed class BlockSplitter(bool omitsThinking)
{
    private readonly StringBuilder _thoughts = new();
    private int _index = -1;
    private BlockKind? _open;

    public IEnumerable<BlockEvent> Add(MessageDelta delta)
    {
        BlockKind kind = delta.Kind switch
        {
            DeltaKind.Content => BlockKind.Text,
            DeltaKind.Reasoning => BlockKind.Thinking,
            _ => BlockKind.ToolUse,
        };
        if (delta.Kind == DeltaKind.Call || _open != kind)
        {
            foreach (BlockEvent end in Close()) yield return end;
            yield return Open(delta.Kind == DeltaKind.Call ? new(kind, Id: delta.Id, Name: delta.Text) : new(kind));
        }

        if (delta.Kind == DeltaKind.Call) yield break;
        if (kind == BlockKind.Thinking) _thoughts.Append(delta.Text);
        if (kind == BlockKind.Thinking && omitsThinking) yield break;
        yield return new(kind == BlockKind.Text ? BlockEventKind.Text : kind == BlockKind.Thinking ? BlockEventKind.Thinking : BlockEventKind.Input, _index, delta.Text);
    }

    /// <summary>Nothing more comes.</summary>
    public IEnumerable<BlockEvent> End()
    {
        if (_index < 0) yield return Open(new(BlockKind.Text)); // clients look for the first block's text
        foreach (BlockEvent end in Close()) yield return end;
    }

    private BlockEvent Open(ContentBlock block)
    {
        _open = block.Kind;
        return new(BlockEventKind.Start, ++_index, Block: block);
    }

    private IEnumerable<BlockEvent> Close()
    {
        if (_open is not { } kind) yield break;
        _open = null;
        if (kind == BlockKind.Thinking)
        {
            yield return new(BlockEventKind.Signature, _index, Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(_thoughts.ToString()))));
            _thoughts.Clear();
        }

        yield return new(BlockEventKind.Stop, _index);
    }
}

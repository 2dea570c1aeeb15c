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
    private List<BlockEvent> _events = [];
    private int _index = -1;
    private BlockKind? _open;

    public void Add(MessageDelta delta)
    {
        BlockKind kind = delta.Kind switch
        {
            DeltaKind.Content => BlockKind.Text,
            DeltaKind.Reasoning => BlockKind.Thinking,
            _ => BlockKind.ToolUse,
        };
        if (delta.Kind == DeltaKind.Call)
        {
            Open(new(kind, Id: delta.Id, Name: delta.Text));
            return;
        }

        if (_open != kind) Open(new(kind));
        if (kind == BlockKind.Thinking) _thoughts.Append(delta.Text);
        if (kind == BlockKind.Thinking && omitsThinking) return;
        _events.Add(new(kind == BlockKind.Text ? BlockEventKind.Text : kind == BlockKind.Thinking ? BlockEventKind.Thinking : BlockEventKind.Input, _index, delta.Text));
    }

    /// <summary>Nothing more comes.</summary>
    public void End()
    {
        if (_index < 0) Open(new(BlockKind.Text)); // clients look for the first block's text
        Close();
    }

    /// <summary>What has happened since the last time.</summary>
    public IReadOnlyList<BlockEvent> Drain()
    {
        if (_events.Count == 0) return [];
        List<BlockEvent> events = _events;
        _events = [];
        return events;
    }

    private void Open(ContentBlock block)
    {
        Close();
        _open = block.Kind;
        _events.Add(new(BlockEventKind.Start, ++_index, Block: block));
    }

    private void Close()
    {
        if (_open is not { } kind) return;
        _open = null;
        if (kind == BlockKind.Thinking)
        {
            _events.Add(new(BlockEventKind.Signature, _index, Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(_thoughts.ToString())))));
            _thoughts.Clear();
        }

        _events.Add(new(BlockEventKind.Stop, _index));
    }
}

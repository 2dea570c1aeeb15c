using System.Text;

namespace Folio.Server;

/// <summary>What a stream's events add up to, the answer's blocks; the answer that isn't streamed has just these.</summary>
internal sealed class AnswerBlocks
{
    private readonly List<ContentBlock> _blocks = [];
    private readonly StringBuilder _text = new();

    public IReadOnlyList<ContentBlock> Blocks => _blocks;

    public void Add(BlockEvent each)
    {
        switch (each.Kind)
        {
            case BlockEventKind.Start:
                _blocks.Add(each.Block!);
                break;
            case BlockEventKind.Signature:
                _blocks[^1] = _blocks[^1] with { Signature = each.Text };
                break;
            case BlockEventKind.Stop:
                _blocks[^1] = _blocks[^1] with { Text = _text.ToString() };
                _text.Clear();
                break;
            default:
                _text.Append(each.Text);
                break;
        }
    }
}
